"""The room `studio`: the page on which places, plans and runs are looked at and made, and the server behind it.

`evac studio` starts one process that serves the page (`app`), behind the checks of `guard`. It answers while others
work: what needs a prepared place is asked of a process of that place's own (`bench`, whose other end is
`bench_child`), and what is to be run is written down (`journal`) and run in a process too (`runner`, `job_child`).

The page (`page/`) is plain ES modules without a build step; the libraries that it needs are in `vendor/`, as published,
with their licences and digests (`assets`).
"""

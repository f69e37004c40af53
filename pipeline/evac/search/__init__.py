"""Stage `search`: the best plan that a city can carry out with so many officers, cones and barricades.

`candidates` are made from the net and a first run, with what each takes (`costs`) and without what the city forbids
(`city`). `attempts` simulates sets of them, and `facts` keeps what is known of each before; `lazy` searches over sets;
`finals` simulates the best with several seeds and lets things go wrong; `finding` is all of it in order, and `writing`
what people get. docs/search.md has the method.
"""

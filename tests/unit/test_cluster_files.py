"""Errors of this machine's files end a study on a cluster, or its run; they aren't taken for a lost scheduler."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from evac.errors import UserError

cluster = pytest.importorskip("evac.study.cluster", reason="the engine for clusters isn't installed")


def test_an_input_that_cannot_be_read_is_named(tmp_path):
    sent = cluster._Sent(client=None, cache=tmp_path, topic="t")
    with pytest.raises(UserError, match="can't be read here"):
        sent._folder("nets/gone")


def test_a_log_that_cannot_be_kept_does_not_hide_why_the_run_failed(tmp_path):
    (tmp_path / "failed").write_text("not a folder")
    session = cluster._Session(tmp_path, None, {}, None)
    delivery = cluster.Delivery(None, "SUMO has crashed", worker="tcp://w", log="last words")
    outcome = session._outcome(SimpleNamespace(digest="d"), delivery)
    assert "SUMO has crashed (on tcp://w); its log can't be kept" in str(outcome)

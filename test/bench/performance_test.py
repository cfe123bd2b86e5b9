#!/usr/bin/env python3
"""performance.py makes an honest page: of a run that lacks something, too. Usage: performance_test.py [unittest's options]"""
import copy
import json
import pathlib
import tempfile
import unittest

import performance

RECORDED = json.loads((pathlib.Path(__file__).parent / "recorded_run.json").read_text(encoding="utf-8"))


def page_of(data):
    with tempfile.TemporaryDirectory() as directory:
        docs = pathlib.Path(directory)
        performance.write_page(data, docs)
        return (docs / "performance.md").read_text(encoding="utf-8")


def result(data, peer, measurement, **scenario):
    return next(found for found in data["results"]
                if found["peer"] == peer and found["measurement"] == measurement
                and all(found.get(key) == value for key, value in scenario.items()))


def row(page, start):
    return next(line for line in page.splitlines() if line.startswith(start))


class Page(unittest.TestCase):
    def setUp(self):
        self.data = copy.deepcopy(RECORDED)

    def without(self, *peers):
        self.data["results"] = [found for found in self.data["results"] if found["peer"] not in peers]

    def test_a_goal_that_is_reached_says_by_how_much(self):
        result(self.data, "holdfast", "publish", qos=1, size=64)["per_second"] = 4_000_000
        result(self.data, "boost_mqtt5", "publish", qos=1, size=64)["per_second"] = 250_000
        self.without("rumqttc", "libmosquitto", "paho_c", "paho_cpp")
        self.assertEqual(row(page_of(self.data), "| publish QoS 1, 64 bytes |"),
                         "| publish QoS 1, 64 bytes | 15 times the best peer | 16.0 times Boost.MQTT5: 4 M/s | reached |")

    def test_a_goal_that_is_missed_is_told_and_counted(self):
        before = page_of(self.data).count("**missed**")
        result(self.data, "holdfast", "round_trip", qos=1, size=64).update(p50=1e6)
        page = page_of(self.data)
        self.assertIn("**missed**", row(page, "| round trip QoS 1, p50 | ahead of every peer"))
        self.assertGreaterEqual(page.count("**missed**"), before)
        self.assertIn(f"{page.count('**missed**')} missed.", page)

    def test_a_peer_that_took_no_part_is_named_and_has_no_row(self):
        self.without("rumqttc")
        self.data["missing"]["rumqttc"] = "cargo is missing"
        page = page_of(self.data)
        self.assertIn("rumqttc took no part: cargo is missing.", page)
        self.assertNotIn("\n| rumqttc |", page)

    def test_without_any_peer_the_goals_against_them_are_not_measured(self):
        self.without("boost_mqtt5", "rumqttc", "libmosquitto", "paho_c", "paho_cpp")
        page = page_of(self.data)
        for goal in ("publish QoS 0, 64 bytes |", "round trip QoS 1, p50 | ahead of every peer",
                     "memory of an idle client, `minimal` |", "replay | 500 times rumqttc"):
            self.assertIn("not measured in this run", row(page, "| " + goal))

    def test_who_did_not_finish_is_shown_where_its_figure_would_be(self):
        scenario = {"server": "sink", "qos": 1, "size": 64}
        self.data["results"].remove(result(self.data, "paho_c", "publish", **scenario))
        self.data["failures"] = [{"peer": "paho_c", "measurement": "publish", "why": "did not finish in 100 s", **scenario}]
        page = page_of(self.data)
        self.assertIn("did not finish", row(page, "| Paho C | "))
        self.assertIn("| Paho C | publish | server sink, qos 1, size 64 | did not finish in 100 s |", page)

    def test_groups_that_were_cut_are_named(self):
        self.data["groups"] = {"throughput": "measured", "sizes": "left out", "costs": "failed: no valgrind"}
        page = page_of(self.data)
        self.assertIn("Left out: sizes.", page)
        self.assertIn("The group costs ended early: failed: no valgrind.", page)

    def test_a_complete_run_says_nothing_of_cuts(self):
        self.data["groups"] = {"throughput": "measured"}
        self.data["scale"] = "full"
        page = page_of(self.data)
        self.assertNotIn("Left out", page)
        self.assertNotIn("--quick", page)

    def test_a_quick_run_is_told(self):
        self.data["scale"] = "quick"
        self.assertIn("This was a quick run", page_of(self.data))

    def test_load_and_priority_of_the_run_are_told(self):
        self.data.update(load=3.5, scheduling="real-time")
        page = page_of(self.data)
        self.assertIn("The load average was 3.50 at the start; scheduling: real-time.", page)
        self.assertIn("latencies are worse", page)

    def test_a_run_of_nothing_still_makes_a_page(self):
        self.data["results"] = []
        self.data.pop("durability", None)
        page = page_of(self.data)
        self.assertIn("0 reached, 0 missed.", page)


if __name__ == "__main__":
    unittest.main()

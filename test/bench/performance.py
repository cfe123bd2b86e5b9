#!/usr/bin/env python3
"""Makes docs/performance.md and its plots of what `compare --json FILE` wrote.

    performance.py FILE [DOCS_DIRECTORY]

Python's standard library is all it needs. Nothing on the page is written by hand: to change it, measure again.
"""
import json
import pathlib
import sys

import plot

NAMES = {
    "holdfast": "Holdfast",
    "boost_mqtt5": "Boost.MQTT5",
    "rumqttc": "rumqttc",
    "libmosquitto": "libmosquitto",
    "paho_c": "Paho C",
    "paho_cpp": "Paho C++",
    "sockets": "raw sockets",
    "holdfast_minimal": "Holdfast, `minimal`",
}
NOT_PEERS = ("holdfast", "sockets", "holdfast_minimal")


def short(number):
    """4690000 -> 4.69 M"""
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= factor:
            return f"{number / factor:.3g}{unit}"
    return f"{number:.3g}"


class Run:
    def __init__(self, data):
        self.data = data

    def peers(self):
        return [peer for peer in NAMES if any(result["peer"] == peer for result in self.data["results"])]

    def find(self, kind, name, peer, measurement, scenario):
        wanted = {"server": "sink", "threads": None, "under": None, "resumed": None, "rate": None, **scenario}
        for result in self.data[kind]:
            if result["peer"] == peer and result["measurement"] == measurement and name in result:
                if all(result.get(key) == value for key, value in wanted.items()):
                    return result[name]
        return None

    def figure(self, name, peer, measurement, **scenario):
        """None where it was not measured. Without `threads` or `server`, one thread against the sink."""
        return self.find("results", name, peer, measurement, scenario)

    def absent(self, peer, measurement, **scenario):
        """What stands in the place of a figure that there is not."""
        why = self.find("failures", "why", peer, measurement, scenario)
        if why is None:
            return "-"
        return "did not finish" if why.startswith("did not finish") else "failed"

    def speed(self, peer, measurement, **scenario):
        return self.figure("per_second", peer, measurement, **scenario)

    def best(self, measurement, **scenario):
        """The fastest peer: its name and its messages a second."""
        found = [(self.speed(peer, measurement, **scenario), peer) for peer in self.peers() if peer not in NOT_PEERS]
        found = [(speed, peer) for speed, peer in found if speed]
        return (max(found)[1], max(found)[0]) if found else (None, None)


class Goals:
    """Rows of the table of goals. A goal whose figures are missing says so."""

    def __init__(self):
        self.rows = []

    def add(self, what, goal, value, met):
        self.rows.append((what, goal, value, "**missed**" if not met else "reached"))

    def missing(self, what, goal):
        self.rows.append((what, goal, "not measured in this run", "-"))

    def at_least(self, what, goal, value, least, text):
        if value is None:
            self.missing(what, goal)
        else:
            self.add(what, goal, text, value >= least)

    def at_most(self, what, goal, value, most, text):
        if value is None:
            self.missing(what, goal)
        else:
            self.add(what, goal, text, value <= most)


def ratio(dividend, divisor):
    return None if not dividend or not divisor else dividend / divisor


def throughput_goals(run, goals):
    for measurement, factors, parts in (("publish", (8, 15, 12), (6, 12, 12)), ("receive", (3, 4, 4), (2, 4, 4))):
        for qos in range(3):
            scenario = {"qos": qos, "size": 64}
            what = f"{measurement} QoS {qos}, 64 bytes"
            peer, speed = run.best(measurement, **scenario)
            ours = run.speed("holdfast", measurement, **scenario)
            times = ratio(ours, speed)
            goals.at_least(what, f"{factors[qos]} times the best peer", times, factors[qos],
                           times and f"{times:.1f} times {NAMES[peer]}: {short(ours)}/s")
            cpu = ratio(run.figure("cpu_microseconds", peer, measurement, **scenario),
                        run.figure("cpu_microseconds", "holdfast", measurement, **scenario))
            goals.at_least(what + ", CPU", f"at most 1/{parts[qos]} of its", cpu, parts[qos], cpu and f"1/{cpu:.1f}")


def payload_goals(run, goals):
    for measurement in ("publish", "receive"):
        for qos in (0, 1):
            for size in (4096, 65536):
                scenario = {"qos": qos, "size": size}
                part = ratio(run.speed("holdfast", measurement, **scenario), run.speed("sockets", measurement, **scenario))
                goals.at_least(f"{measurement} QoS {qos}, {size // 1024} KiB", "80 % of raw sockets", part, 0.8,
                               part and f"{part:.0%}")
    part = ratio(run.speed("holdfast", "publish", qos=1, size=64, threads=8),
                 run.speed("holdfast", "publish", qos=1, size=64))
    goals.at_least("8 publishing threads", "70 % of one thread's total", part, 0.7, part and f"{part:.0%}")


def latency_goals(run, goals):
    for figure in ("p50", "p99"):
        def took(peer):
            return run.figure(figure, peer, "round_trip", qos=1, size=64)
        ours, raw = took("holdfast"), took("sockets")
        times = ratio(ours, raw)
        goals.at_most(f"round trip QoS 1, {figure}", "at most 2 times raw sockets", times, 2,
                      times and f"{times:.1f} times: {ours:.0f} µs")
        others = [(took(peer), peer) for peer in run.peers() if peer not in NOT_PEERS and took(peer)]
        best, peer = min(others, default=(None, None))
        goals.at_most(f"round trip QoS 1, {figure}", "ahead of every peer", ours if best else None, best,
                      ours and best and f"{ours:.0f} µs; {NAMES[peer]} {best:.0f} µs")


def replay_goals(run, goals):
    fresh = run.speed("holdfast", "publish", qos=1, size=64)
    for pending in (100_000, 1_000_000):
        speed = run.speed("holdfast", "replay", qos=1, size=64, pending=pending)
        part = ratio(speed, fresh)
        goals.at_least(f"replay of {pending:,} pending", "60 % of the fresh rate", part, 0.6,
                       part and f"{part:.0%}: {short(speed)}/s")
    peer_speeds = [result["per_second"] for result in run.data["results"]
                   if result["measurement"] == "replay" and result["peer"] == "rumqttc"]
    times = ratio(run.speed("holdfast", "replay", qos=1, size=64, pending=100_000), max(peer_speeds, default=None))
    goals.at_least("replay", "500 times rumqttc", times, 500, times and f"{times:.0f} times")


def cost_goals(run, goals):
    # What is resident: unlike the proportional share it does not depend on who else runs.
    ours, theirs = (run.figure("rss_kib", peer, "idle") for peer in ("holdfast_minimal", "paho_c"))
    goals.at_most("memory of an idle client, `minimal`", "below Paho C", ours if theirs else None, theirs,
                  ours and theirs and f"{ours:,.0f} KiB; Paho C {theirs:,.0f} KiB")
    each = run.figure("bytes_each", "holdfast", "pending", qos=1, size=64, pending=100_000)
    goals.at_most("100,000 pending, beyond payload and topic", "at most 200 bytes each", each, 200,
                  each is not None and f"{each:.0f} bytes")
    times = ratio(run.speed("holdfast", "publish", server="tls sink", qos=1, size=256),
                  run.speed("libmosquitto", "publish", server="tls sink", qos=1, size=256))
    goals.at_least("publish over TLS, QoS 1, 256 bytes", "5 times libmosquitto", times, 5, times and f"{times:.1f} times")
    for measurement in ("publish", "receive"):
        for qos in range(3):
            each = run.figure("allocations", "holdfast", measurement, qos=qos, size=64, under="allocations")
            goals.at_most(f"allocations, {measurement} QoS {qos}", "at most 1 a message", each, 1.005,
                          each is not None and f"{each:.3f}")


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def speed_table(run, measurement, columns):
    """`columns`: title and scenario of each. Messages a second and CPU a message."""
    rows = []
    for peer in run.peers():
        cells = []
        for _, scenario in columns:
            speed = run.speed(peer, measurement, **scenario)
            cpu = run.figure("cpu_microseconds", peer, measurement, **scenario)
            cells.append(f"{short(speed)}/s, {cpu:.3g} µs" if speed else run.absent(peer, measurement, **scenario))
        if any(cell != "-" for cell in cells):
            rows.append([NAMES[peer]] + cells)
    return table([measurement] + [title for title, _ in columns], rows) if rows else []


def draw(directory, name, title, bars):
    if not bars:
        return []
    (directory / name).write_text(plot.bars(title, bars, short), encoding="utf-8")
    return [f"![{title}](performance/{name})", ""]


def speed_plot(run, directory, name, title, groups):
    """`groups`: title, measurement and scenario of each."""
    bars = []
    for group, measurement, scenario in groups:
        found = [(NAMES[peer], run.speed(peer, measurement, **scenario), peer) for peer in run.peers()]
        found = [bar for bar in found if bar[1]]
        if found:
            bars.append((group, found))
    return draw(directory, name, title, bars)


def throughput_section(run, plots):
    by_qos = [(f"QoS {qos}", {"qos": qos, "size": 64}) for qos in range(3)]
    lines = ["## Publishing and receiving", "",
             "64-byte payloads, at most 1,000 messages unfinished; the server is a sink that only acknowledges, or sends. Messages a "
             "second, and CPU a message of the client's process alone.", ""]
    for measurement in ("publish", "receive"):
        lines += speed_plot(run, plots, f"{measurement}.svg", f"{measurement}, messages a second (log scale)",
                            [(title, measurement, scenario) for title, scenario in by_qos])
        lines += speed_table(run, measurement, by_qos)
    threads = [("1 thread", {"qos": 1, "size": 64}), ("8 threads", {"qos": 1, "size": 64, "threads": 8})]
    return lines + ["From several threads, QoS 1. (A client that belongs to one thread is left out.)", ""] + \
        speed_table(run, "publish", threads)


def size_section(run, plots):
    sizes = (16, 64, 256, 4096, 65536)
    lines = []
    for measurement in ("publish", "receive"):
        columns = [(f"{size:,} bytes", {"qos": 1, "size": size}) for size in sizes]
        body = speed_table(run, measurement, columns)
        if len(body) < 4:
            continue
        lines += body
        large = [(f"QoS {qos}, {size // 1024} KiB", {"qos": qos, "size": size}) for qos in (0, 1) for size in (4096, 65536)]
        rows = []
        for peer in run.peers():
            cells = []
            for _, scenario in large:
                speed = run.speed(peer, measurement, **scenario)
                cells.append(short(speed * scenario["size"]) + "B/s" if speed else run.absent(peer, measurement, **scenario))
            if any(cell != "-" for cell in cells):
                rows.append([NAMES[peer]] + cells)
        lines += table([measurement + ", bytes"] + [title for title, _ in large], rows)
        lines += speed_plot(run, plots, f"{measurement}_sizes.svg", f"{measurement} QoS 1 by payload, messages a second (log scale)",
                            [(title, measurement, scenario) for title, scenario in columns])
    if not lines:
        return []
    return ["## Payloads", "", "QoS 1, and QoS 0 for large ones; at 4 KiB and 64 KiB it is bytes a second that count.", ""] + lines


def broker_section(run, plots):
    columns = [(f"QoS {qos}", {"qos": qos, "size": 64, "server": "mosquitto"}) for qos in range(3)]
    lines = []
    for measurement in ("publish", "receive"):
        lines += speed_table(run, measurement, columns)
    if not lines:
        return []
    return ["## Through mosquitto", "",
            "The same against a real broker, which is the bottleneck for the fast ones. When receiving, raw sockets publish.", ""] + lines


def latency_section(run, plots):
    rows = []
    rates = sorted({result["rate"] for result in run.data["results"] if "rate" in result})
    columns = [("round_trip", {})] + [("paced", {"rate": rate}) for rate in rates] + [("paced", {})]
    for peer in run.peers():
        cells = []
        for measurement, pace in columns:
            for name in ("p50", "p99", "p99.9"):
                took = run.figure(name, peer, measurement, qos=1, size=64, **pace)
                cells.append(f"{took:,.0f}" if took else run.absent(peer, measurement, qos=1, size=64, **pace))
        if any(cell != "-" for cell in cells):
            rows.append([NAMES[peer]] + cells)
    if not rows:
        return []
    bars = []
    for name in ("p50", "p99"):
        found = [(NAMES[peer], run.figure(name, peer, "round_trip", qos=1, size=64), peer) for peer in run.peers()]
        bars.append((name, [bar for bar in found if bar[1]]))
    return ["## Round trip", "",
            "Microseconds from `publish` of a message of QoS 1, 64 bytes, to its end: one at a time, at a pace that is the same for all, "
            "and at one that is half of what the client can publish (so each has another one).", ""] + \
        draw(plots, "round_trip.svg", "Round trip QoS 1, one at a time, µs (log scale)", bars) + \
        table([""] + [heading for title in ["", *(f"{rate:,}/s: " for rate in rates), "half load: "]
                      for heading in (title + "p50", "p99", "p99.9")], rows)


def replay_section(run, plots):
    found = [result for result in run.data["results"] if result["measurement"] == "replay"]
    if not found:
        return []
    rows = [[NAMES[result["peer"]], f"{result['pending']:,}", short(result["per_second"]) + "/s"] for result in found]
    rows += [[NAMES[failure["peer"]], f"{failure['pending']:,}", failure["why"]]
             for failure in run.data["failures"] if failure["measurement"] == "replay"]
    bars = [("", [(f"{NAMES[result['peer']]}, {short(result['pending'])}", result["per_second"], result["peer"]) for result in found])]
    return ["## Replay", "",
            "The server stops to answer, so many messages of QoS 1 are published, 1,000 of them are in flight, and the connection breaks. "
            "From the new connection to the end of the last. Some were given less: Boost.MQTT5, Paho C and Paho C++ stop at 65,535, and "
            "rumqttc, libmosquitto and the Pahos take too long. Raw sockets keep nothing: they send as many on a new connection.", ""] + \
        draw(plots, "replay.svg", "Replay after a reconnect, messages a second (log scale)", bars) + \
        table(["", "pending", "messages"], rows)


def memory_section(run, plots):
    rows = []
    for peer in run.peers():
        idle = [run.figure(name, peer, "idle") for name in ("pss_kib", "rss_kib", "private_kib")]
        each = [result["bytes_each"] for result in run.data["results"]
                if result["measurement"] == "pending" and result["peer"] == peer]
        if idle[0]:
            rows.append([NAMES[peer]] + [f"{figure:,.0f} KiB" for figure in idle] + [f"{each[0]:,.0f}" if each else "-"])
    if not rows:
        return []
    return ["## Memory", "",
            "Of the process of a client that is connected and does nothing: with shared pages by parts (Pss), whole (Rss), and without "
            "(private). And what a waiting message of 64 bytes takes beyond its payload and topic, in bytes.", ""] + \
        table(["", "Pss", "Rss", "private", "bytes a waiting message"], rows)


def connection_section(run, plots):
    columns = [("TCP", {"server": "sink"}), ("TLS", {"server": "tls sink", "resumed": None}),
               ("TLS, resumed", {"server": "tls sink", "resumed": True})]
    lines = speed_table(run, "connect", columns)
    if not lines:
        return []
    lines = ["## Connections and TLS", "",
             "Connections a second, one after the other, with CONNECT, CONNACK and DISCONNECT. The server's key is of P-256; its side of "
             "TLS is OpenSSL's, as that of the raw sockets, and takes its time on the same machine.", ""] + lines
    columns = [("QoS 1, 256 bytes, over TLS", {"server": "tls sink", "qos": 1, "size": 256})]
    return lines + speed_table(run, "publish", columns) + speed_table(run, "receive", columns)


def durability_section(run, plots):
    stores = run.data.get("durability", {}).get("stores", [])
    if not stores:
        return []
    rows = [[row["name"], short(row["messages_per_second"]) + "/s", f"{row['cpu_us_per_message']:.2f} µs",
             f"{row['times_paho']:.1f}"] for row in stores]
    return ["## Durable publishing", "", "QoS 1, 256 bytes, files on a disk. Paho C keeps files too, and syncs none.", ""] + \
        table(["", "messages", "CPU a message", "times the faster Paho C"], rows)


def cost_section(run, plots):
    lines = []
    for name, each in (("allocations", "{:.2f}"), ("instructions", "{:,.0f}")):
        rows = []
        for peer in run.peers():
            figures = [run.figure(name, peer, measurement, qos=qos, size=64, under=name)
                       for measurement in ("publish", "receive") for qos in range(3)]
            if any(figure is not None for figure in figures):
                rows.append([NAMES[peer]] + ["-" if figure is None else each.format(max(figure, 0)) for figure in figures])
        if rows:
            heading = [name] + [f"{measurement} QoS {qos}" for measurement in ("publish", "receive") for qos in range(3)]
            lines += table(heading, rows)
    if not lines:
        return []
    return ["## Allocations and instructions", "",
            "Calls of malloc and its like, and instructions of the process under callgrind, for each message of 64 bytes. Under valgrind "
            "threads run in turn, so batches are not as they are outside.", ""] + lines


def failure_section(run, plots):
    rows = []
    for failure in run.data["failures"]:
        scenario = ", ".join(f"{key} {value}" for key, value in failure.items() if key not in ("peer", "measurement", "why"))
        rows.append([NAMES[failure["peer"]], failure["measurement"], scenario, failure["why"]])
    return ["## Not finished", "", "What was tried and gave no figure.", ""] + table(["", "", "", ""], rows) if rows else []


SECTIONS = [throughput_section, size_section, broker_section, latency_section, replay_section, memory_section, connection_section,
            durability_section, cost_section, failure_section]
GOALS = [throughput_goals, payload_goals, latency_goals, replay_goals, cost_goals]


def introduction(run):
    data = run.data
    machine = data["machine"]
    versions = [f"{NAMES[peer]} {version}" for peer, version in data["versions"].items() if version != "-"]
    lines = ["# Performance", "",
             "Holdfast beside its peers, in turn in one run of [`test/bench/run.sh`](../test/bench/run.sh), which wrote this page; how it "
             "measures is told in [testing](testing.md#speed). Ratios travel from one machine to another, absolute figures do not.", "",
             f"Measured {data['date']} on {machine['processor']}, {machine['processors']} processors, {machine['memory']} of memory, "
             f"{machine['system']}, {machine['kernel']}; compiler {machine['compiler']}. Medians of {data['rounds']} rounds. "
             + ", ".join(versions) + ".", ""]
    lines += [f"The load average was {data['load']:.2f} at the start; scheduling: {data['scheduling']}." +
              (" (With real-time priority a thread that wakes up does not interrupt one of its own process or of the server: where "
               "threads are more than processors, latencies are worse than they are else.)"
               if data["scheduling"].startswith("real-time") else ""), ""]
    if data["scale"] == "quick":
        lines += ["This was a quick run (`--quick`): few messages, three rounds. Its figures are rough.", ""]
    if data["scale"] == "tiny":
        lines += ["**This run only shows that everything works (`--tiny`): its figures mean nothing.**", ""]
    cut = [name for name, became in data["groups"].items() if became == "left out"]
    if cut:
        lines += ["Not all was measured in this run. Left out: " + ", ".join(cut) + ".", ""]
    for name, became in data["groups"].items():
        if became.startswith("failed"):
            lines += [f"The group {name} ended early: {became}.", ""]
    for peer, why in data["missing"].items():
        lines += [f"{NAMES[peer]} took no part: {why}.", ""]
    return lines


def write_page(data, docs):
    run = Run(data)
    plots = docs / "performance"
    plots.mkdir(exist_ok=True)
    goals = Goals()
    for add in GOALS:
        add(run, goals)
    missed = sum(row[3] == "**missed**" for row in goals.rows)
    lines = introduction(run)
    lines += ["## Goals", "", f"{sum(row[3] == 'reached' for row in goals.rows)} reached, {missed} missed.", ""]
    lines += table(["what", "goal", "measured", ""], goals.rows)
    for section in SECTIONS:
        lines += section(run, plots)
    (docs / "performance.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    docs = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else pathlib.Path(__file__).parents[2] / "docs"
    write_page(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")), docs)


if __name__ == "__main__":
    main()

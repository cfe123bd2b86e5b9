//! rumqttc as its examples use it (`syncpubsub_v5`): MQTT 5, publishing from the application's thread, events
//! taken on another that drives the connection. It speaks to the comparison as `peer_main.cpp` does.
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{Client, Connection, Event, MqttOptions};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const TOPIC: &str = "plant/17/temperature";
const WINDOW: u32 = 1000;

/// How far the thread with the connection has come.
#[derive(Default)]
struct State {
    connects: u32,
    begun: u32,
    finished: u32,
    subscribed: bool,
    received: u32,
    to_receive: u32,
    /// So many unfinished are few enough for the publisher that waits for room.
    room_wanted: Option<u32>,
    stopped: bool,
    /// When each of what finishes from now on did, where that is asked for.
    ended: Option<Vec<Instant>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn wait_until(&self, done: impl Fn(&State) -> bool) {
        let state = self.state.lock().unwrap();
        let waited = self.changed.wait_timeout_while(state, Duration::from_secs(300), |s| !done(s)).unwrap();
        if waited.1.timed_out() {
            panic!("rumqttc: nothing ended in five minutes");
        }
    }
}

struct Job {
    values: HashMap<String, String>,
}

impl Job {
    fn number(&self, name: &str, default: u32) -> u32 {
        self.values.get(name).map_or(default, |value| value.parse().expect(name))
    }
    fn qos(&self) -> u32 {
        self.number("qos", 1)
    }
    fn messages(&self) -> u32 {
        self.number("messages", 0)
    }
    fn size(&self) -> u32 {
        self.number("size", 64)
    }
    fn outstanding(&self) -> u32 {
        self.number("outstanding", WINDOW)
    }
    /// Before those that count: threads start, buffers and the connection's window grow, for all alike.
    fn warm_up(&self) -> u32 {
        self.number("warm_up", 1) * (self.messages() / 10).min(10 * WINDOW)
    }
    fn filter(&self, count: u32) -> String {
        match self.number("publisher", 0) {
            0 => format!("flood/{}/{}/{}", self.qos(), count, self.size()),
            _ => TOPIC.to_string(),
        }
    }
}

struct Peer {
    client: Client,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
    qos: QoS,
    payload: Vec<u8>,
    outstanding: u32,
}

/// Drives the connection and counts what comes of it.
fn drive(mut connection: Connection, shared: &Shared, qos: u32) {
    for event in connection.iter() {
        let mut state = shared.state.lock().unwrap();
        let mut news = false;
        let finished = match &event {
            Ok(Event::Incoming(Packet::PubAck(_))) => qos == 1,
            Ok(Event::Incoming(Packet::PubComp(_))) => true,
            Ok(Event::Outgoing(rumqttc::Outgoing::Publish(_))) => qos == 0,
            _ => false,
        };
        match &event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                state.connects += 1;
                news = true;
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => {
                state.subscribed = true;
                news = true;
            }
            Ok(Event::Incoming(Packet::Publish(_))) => {
                state.received += 1;
                news = state.received == state.to_receive;
            }
            _ => {}
        }
        if finished {
            state.finished += 1;
            let unfinished = state.begun - state.finished;
            // A wake-up a message would be the library's loss.
            news = unfinished == 0 || state.room_wanted.is_some_and(|wanted| unfinished <= wanted);
            if let Some(ended) = &mut state.ended {
                ended.push(Instant::now());
            }
        }
        if state.stopped && event.is_err() {
            return;
        }
        drop(state);
        if news {
            shared.changed.notify_all();
        }
        if event.is_err() {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Peer {
    fn connect(job: &Job) -> Peer {
        let mut options = MqttOptions::new("rumqttc", "127.0.0.1", job.number("port", 0) as u16);
        options.set_keep_alive(Duration::from_secs(60));
        // With a new session it would throw away what is pending.
        options.set_clean_start(false);
        options.set_receive_maximum(Some(WINDOW as u16));
        options.set_outgoing_inflight_upper_limit(WINDOW as u16);
        options.set_max_packet_size(Some(1 << 20));
        #[cfg(feature = "tls")]
        if let Some(file) = job.values.get("ca") {
            let ca = std::fs::read(file).expect("ca");
            let tls = rumqttc::TlsConfiguration::Simple { ca, alpn: None, client_auth: None };
            options.set_transport(rumqttc::Transport::tls_with_config(tls));
        }
        let (client, connection) = Client::new(options, job.outstanding() as usize);
        let shared = Arc::new(Shared::default());
        let qos = job.qos();
        let of_thread = shared.clone();
        let thread = thread::spawn(move || drive(connection, &of_thread, qos));
        shared.wait_until(|state| state.connects >= 1);
        let level = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][qos as usize];
        let payload = vec![b'x'; job.size() as usize];
        Peer { client, shared, thread, qos: level, payload, outstanding: job.outstanding() }
    }
    fn disconnect(self) {
        self.shared.state.lock().unwrap().stopped = true;
        self.client.disconnect().unwrap();
        self.thread.join().unwrap();
    }
    fn publish_one(&self) {
        {
            let mut state = self.shared.state.lock().unwrap();
            if state.begun - state.finished >= self.outstanding {
                state.room_wanted = Some(self.outstanding - self.outstanding / 8);
                let full = |state: &mut State| state.begun - state.finished >= self.outstanding;
                state = self.shared.changed.wait_while(state, full).unwrap();
            }
            state.begun += 1;
        }
        self.client.publish(TOPIC, self.qos, false, self.payload.clone()).unwrap();
    }
    fn publish(&self, messages: u32) {
        for _ in 0..messages {
            self.publish_one();
        }
    }
    fn finish(&self) {
        self.shared.wait_until(|state| state.finished >= state.begun);
    }
    fn subscribe(&self, filter: String) {
        self.shared.state.lock().unwrap().subscribed = false;
        self.client.subscribe(filter, QoS::ExactlyOnce).unwrap();
        self.shared.wait_until(|state| state.subscribed);
    }
    /// Those that come from now on, so many.
    fn expect(&self, messages: u32) {
        self.shared.state.lock().unwrap().to_receive += messages;
    }
    fn receive(&self) {
        self.shared.wait_until(|state| state.received >= state.to_receive);
    }
}

/// User and system time of all threads of this process.
fn cpu_seconds() -> f64 {
    // SAFETY: a plain structure of numbers, which the call fills.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn measured(work: impl FnOnce()) {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    work();
    println!("seconds {}\ncpu_seconds {}", started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
}

fn ask(what: &str) {
    println!("? {what}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn print_percentiles(mut took: Vec<Duration>) {
    took.sort();
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let at = (part * (took.len() - 1) as f64) as usize;
        println!("{name} {}", took[at].as_secs_f64() * 1e6);
    }
}

fn publish(job: &Job) {
    let peer = Peer::connect(job);
    let threads = job.number("threads", 1);
    peer.publish(job.warm_up());
    peer.finish();
    measured(|| {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| peer.publish(job.messages() / threads));
            }
        });
        peer.finish();
    });
    peer.disconnect();
}

fn receive(job: &Job) {
    let peer = Peer::connect(job);
    if job.number("publisher", 0) == 1 {
        peer.expect(job.messages());
        peer.subscribe(job.filter(job.messages()));
        ask("publish");
        measured(|| peer.receive());
    } else {
        let take = |messages: u32| {
            peer.expect(messages);
            peer.subscribe(job.filter(messages));
            peer.receive();
        };
        if job.warm_up() > 0 {
            take(job.warm_up());
        }
        measured(|| take(job.messages()));
    }
    peer.disconnect();
}

fn round_trip(job: &Job) {
    let peer = Peer::connect(job);
    let mut took = Vec::new();
    for _ in 0..job.messages() {
        let begun = Instant::now();
        peer.publish_one();
        peer.finish();
        took.push(begun.elapsed());
    }
    peer.disconnect();
    print_percentiles(took);
}

fn paced(job: &Job) {
    let peer = Peer::connect(job);
    peer.shared.state.lock().unwrap().ended = Some(Vec::new());
    let interval = Duration::from_secs_f64(1.0 / job.values["rate"].parse::<f64>().unwrap());
    let start = Instant::now();
    let mut begun = Vec::new();
    for i in 0..job.messages() {
        let due = start + interval * i;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        begun.push(Instant::now());
        peer.publish_one();
    }
    peer.finish();
    let ended = peer.shared.state.lock().unwrap().ended.take().unwrap();
    peer.disconnect();
    print_percentiles(ended.iter().zip(&begun).map(|(end, begin)| *end - *begin).collect());
}

fn connect(job: &Job) {
    Peer::connect(job).disconnect();
    measured(|| {
        for _ in 0..job.messages() {
            Peer::connect(job).disconnect();
        }
    });
}

fn replay(job: &Job) {
    let peer = Peer::connect(job);
    ask("stop answering");
    peer.publish(job.messages());
    ask("connect again");
    peer.shared.wait_until(|state| state.connects >= 2);
    measured(|| peer.finish());
}

fn idle(job: &Job) {
    let _peer = Peer::connect(job);
    ask("look");
}

fn pending(job: &Job) {
    let peer = Peer::connect(job);
    ask("stop answering");
    ask("look");
    peer.publish(job.messages());
    ask("look");
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let measurement = arguments.next().expect("which measurement?");
    let values = arguments.filter_map(|argument| argument.split_once('=').map(|(k, v)| (k.into(), v.into())));
    let job = Job { values: values.collect() };
    match measurement.as_str() {
        "version" => println!("0.25.1"),
        "publish" => publish(&job),
        "receive" => receive(&job),
        "round_trip" => round_trip(&job),
        "paced" => paced(&job),
        "connect" => connect(&job),
        "replay" => replay(&job),
        "idle" => idle(&job),
        "pending" => pending(&job),
        other => panic!("unknown: {other}"),
    }
    // The thread of the connection has no end of its own.
    std::process::exit(0);
}

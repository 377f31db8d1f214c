//! Killed at any moment: what was acknowledged is there, and no commit is there by half.
//!
//! The test runs this same binary again as a child that commits without end and prints each
//! acknowledged commit; it kills the child after a random number of lines and looks.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use weft_store::{Batch, InstanceId, Key, Sequence, Store, StoreOptions};

use crate::place::{NOTE, Place, master_key, value};

const ROUNDS: u64 = 8;
const LANES: u64 = 4;
const DIR_VARIABLE: &str = "WEFT_STORE_CRASH_TEST_DIR";

/// Each commit writes a left and a right half, and overwrites the lane's latest pair.
fn half(side: &str, lane: u64, number: u64) -> Key {
    Key::new(NOTE).name(side).ordinal(lane).ordinal(number)
}

fn latest(side: &str, lane: u64) -> Key {
    Key::new(NOTE).name("latest").name(side).ordinal(lane)
}

#[test]
#[ignore = "runs without end; the crash test starts it in a process of its own"]
fn child_that_commits_without_end() {
    let dir = std::env::var_os(DIR_VARIABLE).expect("set by the crash test");
    let store = Store::open(StoreOptions::new(Path::new(&dir), master_key())).unwrap();
    let instance = InstanceId::SYSTEM;
    let fence = store.open_writer(instance).unwrap();
    std::thread::scope(|threads| {
        for lane in 0..LANES {
            let store = &store;
            threads.spawn(move || {
                let first = match value(store, instance, &latest("left", lane)) {
                    Some(number) => u64::from_be_bytes(number.try_into().unwrap()) + 1,
                    None => 0,
                };
                for number in first.. {
                    let content = [number.to_be_bytes().as_slice(), &[7; 9_000]].concat();
                    let payload = store.write_payload_blocking(instance, &content[..2_000]);
                    let payload = payload.unwrap();
                    let mut batch = Batch::new();
                    for side in ["left", "right"] {
                        batch.put(latest(side, lane), number.to_be_bytes().to_vec());
                    }
                    batch.put(half("left", lane, number), content.clone());
                    batch.put(
                        half("right", lane, number),
                        payload.id().as_bytes().to_vec(),
                    );
                    batch.retain(payload);
                    let sequence = store.commit_blocking(instance, batch, fence).unwrap();
                    let line = format!("ack {lane} {number} {sequence}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn after_a_kill_everything_acknowledged_is_there_and_nothing_by_half() {
    let place = Place::new();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let lines = 1 + fastrand::usize(..200);
        let before = acknowledged.len();
        acknowledged.extend(run_and_kill_after(lines, &place.dir()));
        assert!(
            acknowledged.len() > before,
            "round {round}: the child must get somewhere"
        );
        check(&place, &acknowledged);
    }
}

fn run_and_kill_after(lines: usize, dir: &Path) -> Vec<(u64, u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::child_that_commits_without_end",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR_VARIABLE, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        // The last line may be cut by the kill; then it was not acknowledged.
        if let Some(ack) = line.strip_suffix('\n').and_then(parse) {
            acknowledged.push(ack);
            if acknowledged.len() == lines {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    child.wait().unwrap();
    acknowledged
}

fn parse(line: &str) -> Option<(u64, u64, u64)> {
    // The first line shares its line with what the test harness prints.
    let (_, ack) = line.split_once("ack ")?;
    let mut numbers = ack.split(' ').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

fn check(place: &Place, acknowledged: &[(u64, u64, u64)]) {
    let store = place.open();
    let instance = InstanceId::SYSTEM;
    for &(lane, number, sequence) in acknowledged {
        let record = store.get(instance, &half("left", lane, number)).unwrap();
        let record = record.unwrap_or_else(|| panic!("lane {lane} lost {number}"));
        assert_eq!(record.version, Sequence(sequence).into());
    }
    for lane in 0..LANES {
        let sides = ["left", "right"].map(|side| value(&store, instance, &latest(side, lane)));
        assert_eq!(sides[0], sides[1], "lane {lane} has half of a commit");
        let Some(newest) = &sides[0] else { continue };
        let newest = u64::from_be_bytes(newest.as_slice().try_into().unwrap());
        for number in 0..=newest {
            let left = value(&store, instance, &half("left", lane, number)).unwrap();
            assert_eq!(left[..8], number.to_be_bytes());
            let right = value(&store, instance, &half("right", lane, number)).unwrap();
            let payload = weft_store::PayloadId::from_bytes(right.try_into().unwrap());
            let content = store.read_payload_blocking(instance, payload).unwrap();
            assert_eq!(content, left[..2_000]);
        }
        for side in ["left", "right"] {
            let beyond = value(&store, instance, &half(side, lane, newest + 1));
            assert_eq!(
                beyond,
                None,
                "lane {lane} has half of commit {}",
                newest + 1
            );
        }
    }
}

//! Masses: of handshakes, and of requests that never end.

#![expect(clippy::print_stdout, reason = "what was tried and measured is told")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::super::world::{SOON, story_with_limits};

/// From one address.
const HANDSHAKES: usize = 10_000;

/// How many of them are under way at once.
const AT_ONCE: usize = 100;

/// What somebody is told who has to come again: by the throttle, and by API Gateway where all environments that `connect` may have are taken.
const BUSY: [u16; 2] = [429, 502];

#[test]
fn ten_thousand_handshakes_from_one_address_keep_nobody_out() {
    story_with_limits(|world| async move {
        let (anna, eve) = (world.person("anna").await, world.person("eve").await);
        let tea = anna.makes("tea").await;
        let url = world.socket_url().to_owned();
        let host = url.split('/').nth(2).unwrap().to_owned();
        // Every other one with a token that is good: what a person opens is counted, and the throttle does not look at who it is.
        let heads =
            ["".to_owned(), format!("Sec-WebSocket-Protocol: parlour.v1, bearer.{}\r\n", eve.session.access_token)];
        let heads = Arc::new(heads.map(|more| {
            format!(
                "GET /v1 HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
            )
        }));
        let (left, answers) =
            (Arc::new(AtomicUsize::new(HANDSHAKES)), Arc::new(Mutex::new(std::collections::BTreeMap::new())));
        let began = Instant::now();
        let flood: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (left, answers, heads, host) = (left.clone(), answers.clone(), heads.clone(), host.clone());
                tokio::spawn(async move {
                    loop {
                        let n = left.fetch_sub(1, Ordering::Relaxed);
                        if n == 0 || n > HANDSHAKES {
                            left.store(0, Ordering::Relaxed);
                            return;
                        }
                        let mut stream = TcpStream::connect(&host).await.unwrap();
                        stream.write_all(heads[n % 2].as_bytes()).await.unwrap();
                        let mut status = [0; 12];
                        tokio::time::timeout(SOON, stream.read_exact(&mut status))
                            .await
                            .expect("an answer in time")
                            .unwrap();
                        let status = String::from_utf8_lossy(&status[9..]).into_owned();
                        *answers.lock().await.entry(status).or_insert(0) += 1;
                    }
                })
            })
            .collect();
        // Ben comes in the middle of it, and is let in as soon as the throttle has room.
        let ben = world.person("ben").await;
        ben.joins(&tea).await;
        let mut tab = loop {
            match ben.connects(&tea).await {
                Ok(tab) => break tab,
                Err((status, body)) => assert!(BUSY.contains(&status), "{status} {body}"),
            }
            assert!(began.elapsed() < Duration::from_secs(60), "nobody gets in during the flood");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        println!("let in after {:?}", began.elapsed());
        tab.syncs().await;
        tab.says("in the middle of it").await;
        for task in flood {
            task.await.unwrap();
        }
        let answers = answers.lock().await.clone();
        println!("{answers:?} in {:?}", began.elapsed());
        assert_eq!(answers.values().sum::<usize>(), HANDSHAKES, "{answers:?}");
        assert!(answers.keys().all(|status| ["101", "401", "429", "502"].contains(&status.as_str())), "{answers:?}");
        // Eve got no more sockets than a person may have: 30 at once and one a second.
        let most = 30 + began.elapsed().as_secs() as usize + 1;
        assert!(answers.get("101").copied().unwrap_or_default() <= most, "{answers:?}");
        let mut other = loop {
            match anna.connects(&tea).await {
                Ok(tab) => break tab,
                Err((status, body)) => assert!(BUSY.contains(&status), "{status} {body}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        other.syncs().await;
        other.says("afterwards").await;
        tab.catches_up_to("afterwards").await;
    });
}

#[test]
fn bodies_that_never_end_hold_nobody_up() {
    story_with_limits(|world| async move {
        let anna = world.person("anna").await;
        let host = world.running().addresses().http["HttpApi"].trim_start_matches("http://").to_owned();
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{\"name\":\""
        );
        let mut slow = Vec::new();
        for _ in 0..300 {
            let mut stream = TcpStream::connect(&host).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            slow.push(stream);
        }
        // A byte of each now and then is no reason to wait for any of them.
        for _ in 0..5 {
            for stream in &mut slow {
                stream.write_all(b"x").await.unwrap();
            }
            let began = Instant::now();
            assert_eq!(world.http().get("/rooms", anna.token()).await.status, 200);
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        }
        let room = anna.makes("tea").await;
        anna.opens(&room).await.says("not held up").await;
    });
}

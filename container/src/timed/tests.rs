use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

fn timed() -> (DuplexStream, Timed<DuplexStream>) {
    let (client, io) = duplex(16);
    let turn = Arc::new(Turn::new(Arc::default()));
    (client, Timed::new(io, turn, &Config::default()))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_head_is_not_prolonged_by_what_comes() {
    let (mut client, mut io) = timed();
    let started = Instant::now();
    let dripping = tokio::spawn(async move {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(seconds(3)).await;
        }
    });

    let mut read = Vec::new();
    io.read_to_end(&mut read).await.unwrap();

    assert_eq!(read, b"xxxx");
    assert_eq!(started.elapsed(), seconds(10));
    drop(io);
    dripping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_timed_while_it_is_the_hosts_turn() {
    let (mut client, mut io) = timed();
    let _answering = io.turn.begin();
    let late = tokio::spawn(async move {
        tokio::time::sleep(seconds(3600)).await;
        client.write_all(b"x").await.unwrap();
        client
    });

    assert_eq!(io.read_u8().await.unwrap(), b'x');

    late.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_an_answer_the_client_may_be_idle_and_then_has_time_for_a_head() {
    let (mut client, mut io) = timed();
    let started = Instant::now();
    drop(io.turn.begin());
    io.flush().await.unwrap();
    let late = tokio::spawn(async move {
        tokio::time::sleep(seconds(70)).await;
        client.write_all(b"x").await.unwrap();
        client
    });

    let mut read = Vec::new();
    io.read_to_end(&mut read).await.unwrap();

    assert_eq!(read, b"x");
    assert_eq!(started.elapsed(), seconds(80));
    late.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_served_and_one_that_stops_is_not() {
    let (mut client, mut io) = timed();
    let reading = tokio::spawn(async move {
        for _ in 0..4 {
            tokio::time::sleep(seconds(70)).await;
            client.read_exact(&mut [0; 16]).await.unwrap();
        }
        client
    });
    let started = Instant::now();

    let error = io.write_all(&[0; 1000]).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(started.elapsed(), seconds(4 * 70 + 75));
    reading.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_a_client_that_is_still_sending_but_not_for_ever() {
    let (mut client, mut io) = timed();
    let started = Instant::now();
    let sending = tokio::spawn(async move {
        while client.write_all(b"xxxx").await.is_ok() {
            tokio::time::sleep(seconds(1) / 2).await;
        }
    });

    io.shutdown().await.unwrap();

    assert_eq!(started.elapsed(), seconds(30));
    drop(io);
    sending.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_waits_a_second_for_a_silent_client_and_not_for_one_that_left() {
    let (silent, mut io) = timed();
    let started = Instant::now();

    io.shutdown().await.unwrap();
    assert_eq!(started.elapsed(), LINGER);
    drop(silent);
    let (left, mut io) = timed();
    drop(left);
    io.shutdown().await.unwrap();

    assert_eq!(started.elapsed(), LINGER);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_without_end_is_no_panic() {
    let (mut client, io) = duplex(16);
    let turn = Arc::new(Turn::new(Arc::default()));
    let config = Config::default().with_header_timeout(Duration::MAX);
    let mut io = Timed::new(io, turn, &config);

    client.write_all(b"x").await.unwrap();

    assert_eq!(io.read_u8().await.unwrap(), b'x');
}

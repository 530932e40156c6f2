//! The agent's rules, each broken by a function that breaks nothing else.

use std::time::{Duration, Instant};

use oci_emulator::{Agent, Failure, Function, Limits, State};

use crate::fake::{
    LONG, agent, arrival, call, ended, folder, number, patient, pid, port, seen, state, stopped,
    watch,
};

#[tokio::test]
async fn a_call_reaches_the_function_as_go_sends_it() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let call = call("/a?b=c");
    let id = call.id.clone();

    let seen = seen(&agent.invoke(call).await);

    let header = |name: &str| {
        let headers = seen["headers"].as_array().unwrap();
        let found = headers.iter().find(|header| header[0] == name);
        found.unwrap_or_else(|| panic!("no {name} in {headers:?}"))[1].clone()
    };
    assert_eq!(seen["line"], "POST /call HTTP/1.1");
    assert_eq!(seen["body"], "hello");
    assert_eq!(header("Host"), "localhost");
    assert_eq!(header("User-Agent"), "Go-http-client/1.1");
    assert_eq!(header("Accept-Encoding"), "gzip");
    assert_eq!(header("Transfer-Encoding"), "chunked");
    assert_eq!(header("Fn-Call-Id"), id);
    assert_eq!(header("Fn-Invoke-Type"), "sync");
    assert_eq!(header("Fn-Intent"), "httprequest");
    assert_eq!(header("Fn-Http-Request-Url"), "/a?b=c");
    let deadline = header("Fn-Deadline");
    let deadline = deadline.as_str().unwrap();
    assert_eq!(deadline.len(), "2020-06-23T01:10:21Z".len(), "{deadline}");
    assert!(deadline.parse::<jiff::Timestamp>().unwrap() > jiff::Timestamp::now());
}

#[tokio::test]
async fn a_function_has_the_platforms_environment_and_its_own_alone() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let seen = seen(&agent.invoke(call("/")).await);

    let mut names: Vec<_> = seen["env"].as_object().unwrap().keys().collect();
    // Python's own, for want of a locale.
    names.retain(|name| *name != "LC_CTYPE");
    let expected = [
        "COLOUR",
        "FN_APP_ID",
        "FN_APP_NAME",
        "FN_CPUS",
        "FN_FN_ID",
        "FN_FN_NAME",
        "FN_FORMAT",
        "FN_LISTENER",
        "FN_MEMORY",
        "FN_TYPE",
        "PATH",
    ];
    names.sort();
    assert_eq!(names, expected);
    assert!(folder(&seen).as_os_str().len() + "/phonylsnr.sock".len() <= 107);
}

#[tokio::test]
async fn calls_share_an_instance_and_its_connection() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let first = seen(&agent.invoke(call("/")).await);
    let second = seen(&agent.invoke(call("/")).await);

    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(
        (number(&first["connection"]), number(&second["connection"])),
        (1, 1)
    );
    assert_eq!(agent.instances().len(), 1);
}

#[tokio::test]
async fn a_bad_socket_is_refused_at_once() {
    for start in ["absolute", "file", "exit"] {
        let Some(agent) = agent(start, patient()) else {
            return;
        };
        let begin = Instant::now();

        let reply = agent.invoke(call("/")).await;

        assert_eq!(reply.failure, Some(Failure::Start), "{start}");
        assert_eq!(reply.status, 502);
        assert!(begin.elapsed() < LONG);
        assert_eq!(agent.instances(), []);
    }
}

#[tokio::test]
async fn a_missing_program_is_refused_by_path_when_made_and_by_name_when_called() {
    for (path, why) in [("/nowhere/func", "No such file"), ("/tmp", "not a program")] {
        let error = Agent::new(Function::new(path), patient()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(path) && message.contains(why), "{message}");
    }

    let agent = Agent::new(Function::new("no-such-program"), patient()).unwrap();
    assert_eq!(agent.invoke(call("/")).await.failure, Some(Failure::Start));
}

#[tokio::test]
async fn a_function_that_never_listens_times_out_with_504() {
    let start_timeout = Duration::from_millis(100);
    let limits = Limits {
        start_timeout,
        ..patient()
    };
    let Some(agent) = agent("silent", limits) else {
        return;
    };

    let reply = agent.invoke(call("/")).await;

    assert_eq!(reply.failure, Some(Failure::StartTimeout));
    assert_eq!(reply.status, 504);
    assert_eq!(agent.instances(), []);
}

#[tokio::test]
async fn what_breaks_the_contract_is_killed_and_replaced() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    for (url, failure) in [
        ("/midway", Failure::Broken),
        ("/hangup", Failure::Broken),
        ("/status/500", Failure::Invalid),
        ("/status/404", Failure::Invalid),
        ("/flood", Failure::HeaderTooLarge),
    ] {
        let before = seen(&agent.invoke(call("/child")).await);
        let child = watch(number(&before["child"]));

        let reply = agent.invoke(call(url)).await;

        assert_eq!(reply.failure, Some(failure), "{url}");
        assert_eq!(reply.status, 502);
        assert_eq!(agent.instances(), []);
        assert_eq!(state(number(&before["pid"])), None);
        assert!(!folder(&before).exists());
        ended(child).await;
        assert_ne!(u64::from(pid(&agent).await), before["pid"]);
    }
}

#[tokio::test]
async fn a_failure_that_the_function_reports_does_not_end_it() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let before = pid(&agent).await;
    for (url, failure) in [
        ("/status/502", Failure::Failed),
        ("/status/504", Failure::TimedOut),
        ("/big/7000000", Failure::BodyTooLarge),
    ] {
        let reply = agent.invoke(call(url)).await;

        assert_eq!(reply.failure, Some(failure), "{url}");
        assert_eq!(pid(&agent).await, before);
    }
}

#[tokio::test]
async fn an_answer_of_6_mb_is_passed_on() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let reply = agent.invoke(call("/big/6291456")).await;

    assert_eq!((reply.failure, reply.body.len()), (None, 6_291_456));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_outlasts_its_deadline_ends_with_its_instance() {
    let timeout = Duration::from_secs(1);
    let Some(agent) = agent(
        "good",
        Limits {
            timeout,
            ..patient()
        },
    ) else {
        return;
    };
    let before = pid(&agent).await;

    let reply = agent.invoke(call("/hang")).await;

    assert_eq!(reply.failure, Some(Failure::TimedOut));
    assert_eq!(reply.status, 504);
    assert_eq!(
        reply.body,
        r#"{"code":"FunctionInvokeTimeout","message":"Timed out"}"#
    );
    assert_eq!(state(before), None);
    assert_ne!(pid(&agent).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_calls_have_an_instance_each() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let (listener, port) = port().await;
    let wait = format!("/wait/{port}");
    let calls = [&agent, &agent].map(|agent| {
        let (agent, call) = (agent.clone(), call(&wait));
        tokio::spawn(async move { seen(&agent.invoke(call).await) })
    });

    let both = (arrival(&listener).await, arrival(&listener).await);

    let states: Vec<_> = agent.instances().iter().map(|info| info.state).collect();
    assert_eq!(states, [State::Busy, State::Busy]);
    drop(both);
    let [first, second] = calls;
    assert_ne!(first.await.unwrap()["pid"], second.await.unwrap()["pid"]);
}

#[tokio::test]
async fn a_call_waits_for_the_last_instance() {
    let limits = Limits {
        max_instances: 1,
        ..patient()
    };
    let Some(agent) = agent("good", limits) else {
        return;
    };
    let (listener, port) = port().await;
    let wait = format!("/wait/{port}");
    let first = tokio::spawn({
        let (agent, call) = (agent.clone(), call(&wait));
        async move { seen(&agent.invoke(call).await) }
    });
    let held = arrival(&listener).await;

    let mut second = std::pin::pin!(pid(&agent));
    tokio::select! {
        biased;
        _ = &mut second => panic!("served beside the first"),
        () = tokio::task::yield_now() => {}
    }
    drop(held);

    assert_eq!(first.await.unwrap()["pid"], second.await);
}

#[tokio::test]
async fn a_call_that_waits_too_long_is_refused_and_a_shutdown_ends_the_others() {
    let limits = Limits {
        max_instances: 1,
        timeout: Duration::from_millis(50),
        ..patient()
    };
    let Some(agent) = agent("silent", limits) else {
        return;
    };
    let mut first = std::pin::pin!(agent.invoke(call("/")));

    let second = tokio::select! {
        biased;
        _ = &mut first => panic!("served without a socket"),
        second = agent.invoke(call("/")) => second,
    };
    let starting = agent.instances();
    agent.shutdown().await;

    assert_eq!(
        (second.failure, second.status.as_u16()),
        (Some(Failure::Busy), 503)
    );
    assert_eq!(starting[0].state, State::Starting);
    assert_eq!(state(starting[0].pid), None);
    assert_eq!(first.await.failure, Some(Failure::Busy));
    assert_eq!(agent.instances(), []);
    assert_eq!(agent.invoke(call("/")).await.failure, Some(Failure::Busy));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_instance_is_frozen_and_thawed_for_the_next_call() {
    let freeze_after = Duration::from_millis(1);
    let Some(agent) = agent(
        "good",
        Limits {
            freeze_after,
            ..patient()
        },
    ) else {
        return;
    };
    for _ in 0..3 {
        let pid = pid(&agent).await;

        stopped(pid).await;

        let instances = agent.instances();
        assert_eq!((instances[0].pid, instances[0].state), (pid, State::Frozen));
        assert_eq!(instances.len(), 1);
    }
    let frozen = agent.instances()[0].pid;
    drop(agent);
    assert_eq!(state(frozen), None);
}

#[tokio::test]
async fn a_connection_that_is_idle_too_long_is_replaced() {
    let connection_idle = Duration::from_millis(1);
    let Some(agent) = agent(
        "good",
        Limits {
            connection_idle,
            ..patient()
        },
    ) else {
        return;
    };
    let (listener, port) = port().await;

    let first = seen(&agent.invoke(call(&format!("/tell/{port}"))).await);
    arrival(&listener).await;
    let second = seen(&agent.invoke(call("/")).await);

    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(
        (number(&first["connection"]), number(&second["connection"])),
        (1, 2)
    );
}

#[tokio::test]
async fn a_function_may_close_its_connection_after_an_answer() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let (listener, port) = port().await;

    let first = seen(&agent.invoke(call(&format!("/close/{port}"))).await);
    arrival(&listener).await;
    let second = seen(&agent.invoke(call("/")).await);

    assert_eq!(first["pid"], second["pid"]);
}

#[tokio::test]
async fn an_instance_that_exits_while_idle_is_replaced() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let before = pid(&agent).await;
    let process = watch(before);

    agent.invoke(call("/exit")).await;
    ended(process).await;

    assert_ne!(pid(&agent).await, before);
    assert_eq!(agent.instances().len(), 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_end_the_call() {
    let limits = Limits {
        max_instances: 1,
        ..patient()
    };
    let Some(agent) = agent("good", limits) else {
        return;
    };
    let (listener, port) = port().await;
    let wait = format!("/wait/{port}");
    let caller = tokio::spawn({
        let (agent, call) = (agent.clone(), call(&wait));
        async move { agent.invoke(call).await }
    });
    let held = arrival(&listener).await;
    let busy = agent.instances()[0].pid;

    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    drop(held);

    assert_eq!(pid(&agent).await, busy);
}

#[tokio::test]
async fn a_request_over_the_limit_does_not_reach_the_function() {
    let limits = Limits {
        max_request_bytes: 4,
        ..patient()
    };
    let Some(agent) = agent("good", limits) else {
        return;
    };

    let reply = agent.invoke(call("/")).await;

    assert_eq!(
        (reply.failure, reply.status.as_u16()),
        (Some(Failure::RequestTooLarge), 413)
    );
    assert_eq!(agent.instances(), []);
}

//! How a conversation begins, and begins anew: whose era the server is of is found out here.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc::{self, Sender};

use super::era::{self, Era, Step};
use super::header::Settled;
use super::message::{Kind, Message, Object, put};
use super::upstream::Upstream;

/// What answered a request that is not the client's, or not yet for its eyes.
struct Reply {
    text: Bytes,
    value: Value,
    settled: Option<Settled>,
}

impl Upstream {
    /// Does what `message` asks for: each of its ids gets an answer. Returns what counts from then on, if it
    /// is something else.
    pub(super) async fn exchange(
        &self,
        message: &Message,
        settled: &Settled,
        client: &Sender<Bytes>,
    ) -> Option<Settled> {
        if message.kind == Kind::Initialize {
            return self.greet(message, client).await;
        }
        if settled.is_opened_by(message) {
            return self.open(message, settled, client).await;
        }
        self.step(message, settled, client).await
    }

    /// Passes on a handshake, to a server that may know none.
    async fn greet(&self, message: &Message, client: &Sender<Bytes>) -> Option<Settled> {
        let reply = self.ask(message, &Settled::default()).await;
        let discover = era::discover(message).filter(|_| era::is_refusal(&reply.value));
        if let Some((discover, meta)) = discover {
            let found = self.ask(&discover, &Settled::default()).await;
            if let Some(introduction) = era::introduction(message, &found.value) {
                tracing::info!("the server knows no handshake: it is spoken to as of 2026-07-28");
                show(client, introduction).await;
                return Some(Settled {
                    era: Era::ToModern(Arc::new(meta)),
                    ..Settled::default()
                });
            }
        }
        show(client, reply.text).await;
        reply.settled
    }

    /// Passes on the first request of 2026-07-28, to a server that may know no such.
    async fn open(
        &self,
        message: &Message,
        settled: &Settled,
        client: &Sender<Bytes>,
    ) -> Option<Settled> {
        let is_discovery = message.method.as_deref() == Some(era::DISCOVER);
        let probe = era::beside(message, era::DISCOVER, Object::new())?;
        let probe = if is_discovery { message } else { &probe };
        let reply = self.ask(probe, settled).await;
        let opened = if era::is_refusal(&reply.value) {
            self.shake_hands(message).await
        } else {
            let is_known = reply.value.get("result").is_some_and(Value::is_object);
            is_known.then(|| Settled {
                era: Era::Same,
                ..settled.clone()
            })
        };
        match &opened {
            Some(legacy) if matches!(legacy.era, Era::ToLegacy(_)) => {
                self.step(message, legacy, client).await;
            }
            _ if is_discovery => show(client, reply.text).await,
            _ => {
                self.relay(message, settled, client).await;
            }
        }
        opened
    }

    async fn step(
        &self,
        message: &Message,
        settled: &Settled,
        client: &Sender<Bytes>,
    ) -> Option<Settled> {
        match settled.era.step(message) {
            Step::AsItIs => self.relay(message, settled, client).await,
            Step::Send(other) => self.relay(&other, settled, client).await,
            Step::Answer(answer) => {
                show(client, answer).await;
                None
            }
            Step::Change(answer, era) => {
                show(client, answer).await;
                Some(Settled {
                    era,
                    ..settled.clone()
                })
            }
            Step::Nothing => None,
        }
    }

    /// The handshake that the client with `message` does not make.
    async fn shake_hands(&self, message: &Message) -> Option<Settled> {
        let reply = self
            .ask(&era::initialize(message)?, &Settled::default())
            .await;
        let discovery = era::discovery(&reply.value)?;
        let settled = Settled {
            era: Era::ToLegacy(discovery.into()),
            ..reply.settled?
        };
        self.ask(&era::initialized()?, &settled).await;
        tracing::info!("the server does not know 2026-07-28: a handshake was made for the client");
        Some(settled)
    }

    /// The same handshake once more, for the server has forgotten the session.
    pub(super) async fn renew(&self, settled: &Settled) -> Option<Settled> {
        let handshake = Message::read(settled.handshake.as_ref()?)?;
        let renewed = Settled {
            era: settled.era.clone(),
            ..self.ask(&handshake, &Settled::default()).await.settled?
        };
        self.ask(&era::initialized()?, &renewed).await;
        tracing::info!("the server knew the session no more: it has begun another");
        Some(renewed)
    }

    /// Asks for all tools, so that what they say of headers is known, as the client with `message` would.
    pub(super) async fn list_tools(&self, message: &Message, settled: &Settled) {
        let mut params = Object::new();
        for _page in 0..MAX_PAGES {
            let Some(list) = era::beside(message, "tools/list", params.clone()) else {
                return;
            };
            let reply = self.ask(&list, settled).await;
            let cursor = reply.value.pointer("/result/nextCursor");
            let Some(cursor) = cursor.and_then(Value::as_str) else {
                return;
            };
            put(&mut params, "cursor", cursor);
        }
    }

    /// Sends `message`, and keeps to itself what answers it.
    async fn ask(&self, message: &Message, settled: &Settled) -> Reply {
        let (say, mut said) = mpsc::channel(1);
        let asked = async move { self.relay(message, settled, &say).await };
        // The answer comes last.
        let heard = async {
            let mut last = Bytes::new();
            while let Some(message) = said.recv().await {
                last = message;
            }
            last
        };
        let (settled, text) = tokio::join!(Box::pin(asked), heard);
        Reply {
            value: serde_json::from_slice(&text).unwrap_or_default(),
            text,
            settled,
        }
    }
}

async fn show(client: &Sender<Bytes>, message: Bytes) {
    // Nobody reads on if the client is gone, and then all of this ends.
    let _sent = client.send(message).await;
}

/// Of a list of tools; more are not worth a call.
const MAX_PAGES: usize = 100;

//! Requests that are repeated: the header `Idempotency-Key` makes the repetition return the first answer.

use std::collections::{HashMap, VecDeque};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::rejection::Rejection;
use super::store::{Kept, Records};

/// The header that names a request.
const KEY: &str = "idempotency-key";

/// Longest key, in characters.
const LONGEST_KEY: usize = 255;

/// How many answers are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 10_000;

/// An answer with a JSON body.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The body.
    pub(super) body: String,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}

/// The answers that are remembered, by path and key.
#[derive(Debug, Default)]
pub(super) struct Answers {
    by_key: HashMap<(String, String), (Bytes, Answer)>,
    oldest_first: VecDeque<(String, String)>,
}

impl Answers {
    fn remember(&mut self, place: (String, String), request: Bytes, answer: Answer) {
        if self.oldest_first.len() >= REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_key.remove(&oldest);
        }
        self.oldest_first.push_back(place.clone());
        self.by_key.insert(place, (request, answer));
    }
}

impl Kept {
    /// Does what the request asks for, unless it was done under its key already. A refusal is an answer too.
    pub(super) fn once(
        &mut self,
        resource: &str,
        headers: &HeaderMap,
        body: Bytes,
        work: impl FnOnce(&mut Records, &[u8]) -> Result<Answer, Rejection>,
    ) -> Result<Response, Rejection> {
        let Some(key) = key(headers)? else {
            return work(&mut self.records, &body).map(Answer::into_response);
        };
        let place = (resource.to_owned(), key);
        match self.answers.by_key.get(&place) {
            Some((first, answer)) if *first == body => {
                return Ok(([("idempotent-replayed", "true")], answer.clone()).into_response());
            }
            Some(_) => {
                let message = "this Idempotency-Key was used for a request with another body";
                return Err(Rejection::new(StatusCode::CONFLICT, message));
            }
            None => {}
        }
        let answer = work(&mut self.records, &body)
            .unwrap_or_else(|rejection| Answer { status: rejection.status(), body: rejection.body() });
        self.answers.remember(place, body, answer.clone());
        Ok(answer.into_response())
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Rejection> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=LONGEST_KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Rejection::bad_request(format!("Idempotency-Key must have 1 to {LONGEST_KEY} ASCII characters"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_answer_first() {
        let mut answers = Answers::default();
        let place = |number: usize| ("contacts".to_owned(), number.to_string());
        for number in 0..=REMEMBERED {
            let answer = Answer { status: StatusCode::CREATED, body: number.to_string() };
            answers.remember(place(number), Bytes::new(), answer);
        }
        assert_eq!(answers.by_key.len(), REMEMBERED);
        assert!(!answers.by_key.contains_key(&place(0)));
        assert_eq!(answers.by_key[&place(1)].1.body, "1");
    }
}

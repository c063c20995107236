//! What was found, per connection and for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use appflow_sdk::protocol::{ConnectorContext, Entity};
use tokio::time::Instant;

use crate::discovery::csdl::Model;
use crate::known::Known;

/// How many connections, and how many entities of each, are remembered. A function serves few; what is beyond is asked for
/// again.
const CONNECTIONS: usize = 16;
const ENTITIES: usize = 2_000;

/// A memory of descriptions.
#[derive(Debug)]
pub(super) struct Cache {
    lifetime: Duration,
    connections: Mutex<HashMap<String, Connection>>,
    /// The metadata of the connection that was served last: one document may take megabytes.
    model: Mutex<Option<(String, Instant, Arc<Model>)>>,
}

#[derive(Debug, Default)]
struct Connection {
    lists: HashMap<Option<String>, (Instant, Arc<Vec<Entity>>)>,
    entities: HashMap<String, (Instant, Arc<Known>)>,
}

impl Cache {
    pub(super) fn new(seconds: u32) -> Self {
        Self {
            lifetime: Duration::from_secs(u64::from(seconds)),
            connections: Mutex::default(),
            model: Mutex::default(),
        }
    }

    pub(super) fn list(&self, settings: &ConnectorContext, path: Option<&str>) -> Option<Arc<Vec<Entity>>> {
        let connections = self.connections();
        let (since, list) = connections.get(&key(settings))?.lists.get(&path.map(str::to_owned))?;
        self.is_fresh(*since).then(|| Arc::clone(list))
    }

    pub(super) fn remember_list(
        &self,
        settings: &ConnectorContext,
        path: Option<&str>,
        list: Vec<Entity>,
    ) -> Arc<Vec<Entity>> {
        let list = Arc::new(list);
        self.with(settings, |connection| {
            if connection.lists.len() >= ENTITIES {
                connection.lists.clear();
            }
            connection.lists.insert(path.map(str::to_owned), (Instant::now(), Arc::clone(&list)));
        });
        list
    }

    pub(super) fn entity(&self, settings: &ConnectorContext, name: &str) -> Option<Arc<Known>> {
        let connections = self.connections();
        let (since, known) = connections.get(&key(settings))?.entities.get(name)?;
        self.is_fresh(*since).then(|| Arc::clone(known))
    }

    pub(super) fn remember_entity(&self, settings: &ConnectorContext, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        self.with(settings, |connection| {
            if connection.entities.len() >= ENTITIES {
                connection.entities.clear();
            }
            connection.entities.insert(known.name().to_owned(), (Instant::now(), Arc::clone(&known)));
        });
        known
    }

    pub(super) fn model(&self, settings: &ConnectorContext) -> Option<Arc<Model>> {
        let known = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, since, model) = known.as_ref().filter(|(known, ..)| *known == key(settings))?;
        self.is_fresh(*since).then(|| Arc::clone(model))
    }

    pub(super) fn remember_model(&self, settings: &ConnectorContext, model: Model) -> Arc<Model> {
        let model = Arc::new(model);
        let known = (key(settings), Instant::now(), Arc::clone(&model));
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        model
    }

    fn with(&self, settings: &ConnectorContext, change: impl FnOnce(&mut Connection)) {
        let mut connections = self.connections();
        let key = key(settings);
        if connections.len() >= CONNECTIONS && !connections.contains_key(&key) {
            connections.clear();
        }
        change(connections.entry(key).or_default());
    }

    fn is_fresh(&self, since: Instant) -> bool {
        since.elapsed() < self.lifetime
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<String, Connection>> {
        // A panic while it was held leaves it whole.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells connections apart: their settings, the version of the API, and where their credentials are. What a user may see
/// depends on all of them.
fn key(settings: &ConnectorContext) -> String {
    let secret = settings.credentials.as_ref().and_then(|credentials| credentials.secret_arn.as_deref());
    format!("{:?} {:?} {:?}", secret, settings.api_version, settings.connector_runtime_settings)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn connection(url: &str) -> ConnectorContext {
        let mut context = ConnectorContext::default();
        context.connector_runtime_settings = Some(BTreeMap::from([("baseUrl".to_owned(), url.to_owned())]));
        context
    }

    #[tokio::test(start_paused = true)]
    async fn forgets_in_time_and_tells_connections_apart() {
        let cache = Cache::new(60);
        let (one, other) = (connection("https://a"), connection("https://b"));
        drop(cache.remember_list(&one, None, vec![Entity::new("x")]));
        assert_eq!(cache.list(&one, None).unwrap()[0].entity_identifier, "x");
        assert!(cache.list(&other, None).is_none() && cache.list(&one, Some("x")).is_none());
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(cache.list(&one, None).is_none());
    }

    #[test]
    fn holds_no_more_than_its_bounds() {
        let cache = Cache::new(60);
        for index in 0..=CONNECTIONS * 2 {
            drop(cache.remember_list(&connection(&index.to_string()), None, Vec::new()));
        }
        assert!(cache.connections().len() <= CONNECTIONS);
    }
}

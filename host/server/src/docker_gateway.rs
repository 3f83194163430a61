//! The gateway to Docker from its configuration: users in the store, and the engines that the operator allows.

use portcullis_audit::Log;
use portcullis_authorization::Authorizer;
use portcullis_config::ConfigError;
use portcullis_docker_gateway::DockerGateway;
use portcullis_docker_gateway::gateway::{Gateway, GatewayOptions, OpenError};
use portcullis_identity::source::GroupSources;
use portcullis_listen::Proxies;
use portcullis_store::StoreError;
use std::sync::Arc;

use crate::config;
use crate::shared_store::SharedStore;

/// The name of the administrator that `admin_password` makes: Portainer's.
const ADMINISTRATOR: &str = "admin";

/// Opens the gateway with users.
pub(crate) async fn open(
    config: &config::DockerGateway,
    store: &SharedStore<'_>,
    authorizer: Authorizer,
    log: Log,
    proxies: &Proxies,
    groups: Option<GroupSources>,
) -> Result<DockerGateway, ConfigError> {
    let allowed = config.allowed.clone();
    let engines = Arc::new(move |url: &_| allowed.check(url));
    let options = GatewayOptions {
        token_lifetime: config.session_lifetime,
        proxies: proxies.clone(),
        ..GatewayOptions::default()
    };
    let gateway = store.open(|store, sealer| async move {
        let opened = Gateway::open(store, sealer, engines, log, options).await;
        opened.map_err(|error| match error {
            OpenError::Store(error) => error,
            error => StoreError::Unavailable(error.to_string()),
        })
    });
    let gateway = gateway.await?;
    if let Some(password) = &config.admin_password {
        let password = password.expose().to_owned().into();
        let made = gateway.bootstrap(ADMINISTRATOR, &password).await;
        if made.map_err(|error| config.location.0.wrong(error))? {
            tracing::info!("the administrator `{ADMINISTRATOR}` was made with `admin_password`");
        }
    }
    Ok(DockerGateway::new(authorizer, gateway, config.proxy(groups)))
}

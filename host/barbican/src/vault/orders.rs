//! Orders: placed together with what is made for them, read, and deleted. They never change, so that there is no
//! [`Version`](super::Version) of one.
//!
//! An order that is there has its secret or its container, or says why not: all is written as one.

use portcullis_store::{Row, StoreError, Transaction, Value};
use std::sync::Arc;
use uuid::Uuid;

use super::secrets::SecretRows;
use super::{
    Container, Limited, NewSecret, SecretRef, Timestamp, Vault, containers, quotas, rows, statements,
};

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderType {
    /// A symmetric key.
    Key,
    /// A key pair.
    Asymmetric,
}

impl OrderType {
    /// Barbican's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Asymmetric => "asymmetric",
        }
    }
}

/// Why nothing was made for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderError {
    /// A status of HTTP, e.g. `400`.
    pub status_code: String,
    /// In Barbican's words.
    pub reason: String,
}

/// What is made for an order, with it.
#[derive(Debug, Clone)]
pub enum MadeByOrder {
    /// A secret.
    Secret(Box<NewSecret>),
    /// Secrets by their names in a container of the same project and creator.
    Container {
        /// Its name.
        name: Option<String>,
        /// e.g. `rsa`
        container_type: String,
        /// What it holds.
        secrets: Vec<(&'static str, NewSecret)>,
    },
    /// Nothing.
    Nothing(OrderError),
}

/// An order to be placed. Its id, status and times are given by the vault.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The project that is to own it.
    pub project: String,
    /// The user who places it.
    pub creator: Option<String>,
    /// What it asks for.
    pub order_type: OrderType,
    /// JSON, as clients see it.
    pub meta: String,
    /// What came of it.
    pub made: MadeByOrder,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// A version 4 UUID.
    pub id: Uuid,
    /// The project that owns it.
    pub project: String,
    /// The user who placed it.
    pub creator: Option<String>,
    /// What it asks for.
    pub order_type: OrderType,
    /// JSON, as clients see it.
    pub meta: String,
    /// `ACTIVE` or `ERROR`.
    pub status: String,
    /// The secret that was made; it may be deleted by now.
    pub secret: Option<Uuid>,
    /// The container that was made; it may be deleted by now.
    pub container: Option<Uuid>,
    /// Why nothing was made.
    pub error: Option<OrderError>,
    /// When it was placed.
    pub created: Timestamp,
    /// The same: orders do not change.
    pub updated: Timestamp,
}

/// How [`Vault::create_order`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOrder {
    /// It is there.
    Done(Box<Order>),
    /// The project would have more orders, secrets or containers than its quotas allow; nothing was made.
    QuotaReached,
}

/// A part of a project's orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdersPage {
    /// The oldest first.
    pub orders: Vec<Order>,
    /// How many there are in all.
    pub total: u64,
}

/// What is written as one.
struct Rows {
    order: Order,
    secrets: Vec<SecretRows>,
    container: Option<Container>,
}

impl Rows {
    /// The numbers by which the order increases each count.
    fn more(&self) -> [(Limited, i64); 3] {
        let secrets = i64::try_from(self.secrets.len()).unwrap_or(i64::MAX);
        [
            (Limited::Orders, 1),
            (Limited::Secrets, secrets),
            (Limited::Containers, i64::from(self.container.is_some())),
        ]
    }
}

impl Vault {
    /// Places an order, and makes what it asks for. What is made counts for the quotas of secrets and containers too.
    pub async fn create_order(&self, new: NewOrder) -> Result<CreateOrder, StoreError> {
        let rows = Arc::new(self.order_rows(new)?);
        let made = Arc::clone(&rows);
        let done = self
            .store
            .write_rows(move |to| {
                let rows = Arc::clone(&rows);
                Box::pin(async move {
                    if quotas::are_reached(to, &rows.more(), &rows.order.project).await? {
                        return Ok(false);
                    }
                    write(to, &rows).await?;
                    Ok(true)
                })
            })
            .await?;
        let order = || Box::new(made.order.clone());
        Ok(if done { CreateOrder::Done(order()) } else { CreateOrder::QuotaReached })
    }

    fn order_rows(&self, new: NewOrder) -> Result<Rows, StoreError> {
        let now = Timestamp::now();
        let mut order = Order {
            id: Uuid::new_v4(),
            project: new.project,
            creator: new.creator,
            order_type: new.order_type,
            meta: new.meta,
            status: "ACTIVE".into(),
            secret: None,
            container: None,
            error: None,
            created: now,
            updated: now,
        };
        let (mut secrets, mut container) = (Vec::new(), None);
        match new.made {
            MadeByOrder::Secret(secret) => {
                let rows = self.rows_of(*secret, now)?;
                order.secret = Some(rows.secret.id);
                secrets.push(rows);
            }
            MadeByOrder::Container { name, container_type, secrets: held } => {
                let mut references = Vec::with_capacity(held.len());
                for ((name, secret), later) in held.into_iter().zip(0..) {
                    // One after the other, so that lists show them in this order.
                    let rows = self.rows_of(secret, Timestamp(now.0 + later))?;
                    references.push(SecretRef { name: Some(name.into()), secret: rows.secret.id });
                    secrets.push(rows);
                }
                let made = Container {
                    id: Uuid::new_v4(),
                    name,
                    project: order.project.clone(),
                    creator: order.creator.clone(),
                    container_type,
                    secrets: references,
                    status: "ACTIVE".into(),
                    created: now,
                    updated: now,
                };
                order.container = Some(made.id);
                container = Some(made);
            }
            MadeByOrder::Nothing(error) => {
                order.status = "ERROR".into();
                order.error = Some(error);
            }
        }
        Ok(Rows { order, secrets, container })
    }

    /// An order of the project, if it has one of that id.
    pub async fn find_order(&self, project: &str, id: Uuid) -> Result<Option<Order>, StoreError> {
        let values = [project.into(), id.to_string().into()];
        self.store.read(statements::FIND_ORDER, &values).await?.first().map(read).transpose()
    }

    /// A part of the project's orders whose `meta` matches a pattern of SQL's `LIKE`.
    pub async fn list_orders(
        &self,
        project: &str,
        meta: Option<String>,
        offset: u64,
        limit: u64,
    ) -> Result<OrdersPage, StoreError> {
        let clamp = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        let values = [project.into(), meta.into(), clamp(limit), clamp(offset)];
        let store = self.store.clone();
        let lists = async move {
            let counted = store.read(statements::COUNT_ORDERS, &values[..2]).await?;
            Ok((counted, store.read(statements::LIST_ORDERS, &values).await?))
        };
        let (counted, found) = self.turns.read(project, lists).await?;
        let total = counted.first().map_or(Ok(0), |row| row.integer(0))?;
        let orders = found.iter().map(read).collect::<Result<_, _>>()?;
        Ok(OrdersPage { orders, total: u64::try_from(total).unwrap_or_default() })
    }

    /// Deletes an order of the project, and nothing that was made for it; says whether it was there.
    pub async fn delete_order(&self, project: &str, id: Uuid) -> Result<bool, StoreError> {
        let project = Arc::<str>::from(project);
        self.store
            .write_rows(move |to| {
                let values = [(&*project).into(), id.to_string().into()];
                Box::pin(async move { Ok(to.execute(statements::DELETE_ORDER, &values).await? > 0) })
            })
            .await
    }
}

async fn write(to: &mut Transaction, rows: &Rows) -> Result<(), StoreError> {
    for secret in &rows.secrets {
        secret.write(to).await?;
    }
    if let Some(container) = &rows.container {
        containers::write(to, container).await?;
    }
    to.execute(statements::CREATE_ORDER, &row_of(&rows.order)).await?;
    Ok(())
}

pub(super) fn row_of(order: &Order) -> [Value; 12] {
    let id = |id: Option<Uuid>| Value::from(id.map(|id| id.to_string()));
    [
        order.id.to_string().into(),
        order.project.as_str().into(),
        order.creator.clone().into(),
        order.order_type.as_str().into(),
        order.meta.as_str().into(),
        order.status.as_str().into(),
        id(order.secret),
        id(order.container),
        order.error.as_ref().map(|error| error.status_code.clone()).into(),
        order.error.as_ref().map(|error| error.reason.clone()).into(),
        order.created.0.into(),
        order.updated.0.into(),
    ]
}

pub(super) fn read(row: &Row) -> Result<Order, StoreError> {
    let id = |column| row.optional_text(column)?.as_deref().map(rows::read_id).transpose();
    let status_code = row.optional_text(8)?;
    let reason = row.optional_text(9)?;
    Ok(Order {
        id: rows::id(row)?,
        project: row.text(1)?,
        creator: row.optional_text(2)?,
        order_type: match row.text(3)?.as_str() {
            "asymmetric" => OrderType::Asymmetric,
            _ => OrderType::Key,
        },
        meta: row.text(4)?,
        status: row.text(5)?,
        secret: id(6)?,
        container: id(7)?,
        error: status_code.zip(reason).map(|(status_code, reason)| OrderError { status_code, reason }),
        created: Timestamp(row.integer(10)?),
        updated: Timestamp(row.integer(11)?),
    })
}

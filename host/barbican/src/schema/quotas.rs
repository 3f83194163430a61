//! Quotas of a project as an administrator writes them (`ProjectQuotaValidator`).

use super::{Invalid, Schema, Type, number, validate};
use crate::json::Value;
use crate::vault::Quotas;

/// The longest id of a project (`external_id` in "barbican/model/models.py").
pub const MAX_PROJECT: usize = 255;

const NAME: &str = "Project Quota";

const NUMBER: Schema = Schema::of(&[Type::Integer]);

const QUOTAS: Schema = Schema {
    properties: &[
        ("secrets", NUMBER),
        ("orders", NUMBER),
        ("containers", NUMBER),
        ("consumers", NUMBER),
        ("cas", NUMBER),
    ],
    closed: true,
    ..Schema::of(&[Type::Object])
};

static BODY: Schema = Schema {
    properties: &[("project_quotas", QUOTAS)],
    closed: true,
    required: &["project_quotas"],
    ..Schema::of(&[Type::Object])
};

/// The quotas in a body. What is not named is absent.
pub fn parse(body: &Value) -> Result<Quotas, Invalid> {
    validate(body, &BODY, NAME)?;
    let quotas = body.get("project_quotas");
    let quota = |name| quotas.and_then(|quotas| quotas.get(name)).and_then(number);
    Ok(Quotas {
        secrets: quota("secrets"),
        orders: quota("orders"),
        containers: quota("containers"),
        consumers: quota("consumers"),
        cas: quota("cas"),
    })
}

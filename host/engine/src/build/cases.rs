//! What the component that is not pre-initialized answers to the policy's own cases; the frozen one must answer the same.

use super::Failure;
use super::freeze::Workbench;
use crate::case::Said;

/// Asks every case, each of a new and newly configured instance.
pub(super) async fn ask(workbench: &Workbench<'_>) -> Result<Vec<Said>, Failure> {
    let order = workbench.order();
    let mut answers = Vec::with_capacity(order.cases.len());
    for case in &order.cases {
        let mut configured = workbench.configure().await?;
        configured
            .store
            .set_epoch_deadline(u64::try_from(order.limits.configure.as_millis()).unwrap_or(u64::MAX));
        let said = workbench
            .entry()
            .ask_case(&mut configured.store, &configured.instance, &case.question, &order.limits)
            .await;
        answers.push(said);
    }
    Ok(answers)
}

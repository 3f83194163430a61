//! What the component that is not pre-initialized answers to the policy's own cases; the pre-initialized one must answer the same.

use super::Failure;
use super::freeze::Workbench;
use crate::ask::arm_for_build;
use crate::case::Said;

/// Asks every case, each of a new and newly configured instance.
pub(super) async fn ask(workbench: &Workbench<'_>) -> Result<Vec<Said>, Failure> {
    let order = workbench.order();
    let mut answers = Vec::with_capacity(order.cases.len());
    for case in &order.cases {
        let mut configured = workbench.configure().await?;
        arm_for_build(&mut configured.store, &order.limits);
        let said = workbench
            .entry()
            .ask_case(&mut configured.store, &configured.instance, &case.question, &order.limits)
            .await;
        answers.push(said);
    }
    Ok(answers)
}

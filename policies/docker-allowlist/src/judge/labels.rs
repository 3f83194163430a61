//! Labels: what is made has those of the rule, and what exists too. Only the Docker gateway looks up what exists.

use super::names::{key, references};
use super::{Judge, Refusal, cut, quoted};
use crate::body;
use crate::operations::{self, Class};
use portcullis_policy_sdk::Pairs;
use portcullis_policy_sdk::docker::Target;

/// The kinds of things that have labels.
const LABELLED: [&str; 7] = ["config", "container", "network", "secret", "service", "task", "volume"];

impl Judge<'_> {
    pub(super) fn labels(&self) -> Result<(), Refusal> {
        if self.rule.labels.is_empty() {
            return Ok(());
        }
        if let Some(labels) = self.labels_of_new() {
            self.has_labels(&labels, || "what is made".to_owned())?;
        }
        let is_labelled = |target: &&Target| LABELLED.contains(&target.kind.as_str());
        for (index, target) in
            self.request.targets.iter().enumerate().filter(|(_, target)| is_labelled(target))
        {
            self.labels_of_existing(index, target)?;
        }
        self.exec()?;
        let workload = self.request.workload.as_ref();
        workload
            .into_iter()
            .flat_map(references)
            .try_for_each(|(kind, name)| self.labels_of_reference(kind, name))
    }

    /// The labels of what the operation makes or changes, where it takes some.
    fn labels_of_new(&self) -> Option<Pairs> {
        match self.operation {
            "ContainerCreate" | "ServiceCreate" | "ServiceUpdate" | "ImageBuild" => Some(
                self.request.workload.as_ref().map(|workload| workload.labels.clone()).unwrap_or_default(),
            ),
            "ConfigCreate" | "ConfigUpdate" | "NetworkCreate" | "SecretCreate" | "SecretUpdate"
            | "VolumeCreate" => Some(body::labels(self.request)),
            _ => None,
        }
    }

    fn labels_of_existing(&self, index: usize, target: &Target) -> Result<(), Refusal> {
        let is_new = match self.operation {
            "ConfigCreate" | "ContainerCreate" | "NetworkCreate" | "SecretCreate" | "ServiceCreate"
            | "VolumeCreate" => index == 0,
            "ContainerRename" => index == 1,
            _ => false,
        };
        if target.name.is_some() || target.id.is_some() {
            return self
                .has_labels(&target.labels, || format!("the {} `{}`", target.kind, cut(&target.as_sent)));
        }
        if is_new {
            return Ok(());
        }
        if target.as_sent.is_empty() {
            return self.all_of(&target.kind, "labels");
        }
        // The gateway adds what a container is made with.
        if self.request.workload.is_some() && index > 0 {
            return self.labels_of_reference(&target.kind, &target.as_sent);
        }
        if target.kind == "exec" || operations::class(self.operation) == Some(Class::List) {
            return Ok(());
        }
        Err(unknown(&target.kind, &target.as_sent))
    }

    /// What a container is made with: judged by its name, or looked up and a target of its own.
    fn labels_of_reference(&self, kind: &str, name: &str) -> Result<(), Refusal> {
        let is_default = kind == "network" && name == "bridge";
        let is_target =
            |target: &Target| target.kind == kind && target.as_sent == name && target.name.is_some();
        if is_default || self.rule.names.contains_key(kind) || self.request.targets.iter().any(is_target) {
            return Ok(());
        }
        Err(unknown(kind, name).or_ask_for(format!("{} = [{}]", key(kind), quoted(name))))
    }

    fn has_labels(&self, labels: &Pairs, what: impl Fn() -> String) -> Result<(), Refusal> {
        for (wanted, pattern) in &self.rule.labels {
            let mut values =
                labels.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value).peekable();
            // Of a service the labels of its containers are among them: none may say otherwise.
            if values.peek().is_some() && values.all(|value| pattern.matches(value, self.user())) {
                continue;
            }
            let reason =
                format!("{} has not the label `{wanted}` of this rule; use or make one that has it", what());
            return Err(Refusal::new("label", reason));
        }
        Ok(())
    }
}

fn unknown(kind: &str, sent: &str) -> Refusal {
    let who = match kind {
        "container" | "exec" => {
            "the Docker gateway looks them up, and the authorization plugin with `look_up`"
        }
        _ => "only the Docker gateway looks them up",
    };
    Refusal::new("label", format!("the labels of the {kind} `{}` are not known: {who}", cut(sent)))
}

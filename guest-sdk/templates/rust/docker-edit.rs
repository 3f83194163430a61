impl DockerEdit for Rules {
    fn edit(&self, request: &docker::Request) -> Result<docker_edits::Edits, String> {
        let mut edits = docker_edits::Edits::default();
        if let Some(name) = &request.principal.name {
            edits.labels = self.0.owner_labels.iter().map(|label| (label.clone(), name.clone())).collect();
        }
        Ok(edits)
    }
}

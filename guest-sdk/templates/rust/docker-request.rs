impl DockerRequest for Rules {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        let Some(workload) = &request.workload else { return Ok(Opinion::abstain()) };
        if workload.privileged {
            return Ok(Opinion::deny("privileged", "leave out `--privileged`"));
        }
        match &workload.image {
            Some(image) if !self.0.allowed_registries.contains(&image.domain) => {
                Ok(Opinion::deny("registry", format!("no images from `{}`", image.domain)))
            }
            _ => Ok(Opinion::abstain()),
        }
    }
}

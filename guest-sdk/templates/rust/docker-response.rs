impl DockerResponse for Rules {
    fn authorize(&self, response: &docker::Response) -> Result<Opinion, String> {
        match &response.request.operation {
            Some(operation) if self.0.withheld_operations.contains(operation) => {
                Ok(Opinion::deny("withheld", format!("the response of `{operation}` is withheld")))
            }
            _ => Ok(Opinion::abstain()),
        }
    }
}

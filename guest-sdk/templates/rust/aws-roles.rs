impl AwsRoles for Rules {
    fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String> {
        if request.principal.name.is_none() {
            return Ok(aws::Answer::default());
        }
        let grant = |account: &String| aws::Grant {
            account: account.clone(),
            role: "ReadOnly".into(),
            reason: "every user may read".into(),
            ..aws::Grant::default()
        };
        Ok(aws::Answer {
            grants: self.0.read_only_accounts.iter().map(grant).collect(),
            ..aws::Answer::default()
        })
    }
}

impl SecretAccess for Rules {
    fn authorize(&self, access: &secrets::Access) -> Result<Opinion, String> {
        let deletes = matches!(access.operation.as_str(), "secret-delete" | "container-delete");
        if deletes && !access.principal.roles.iter().any(|role| self.0.deleting_roles.contains(role)) {
            return Ok(Opinion::deny("deletion", "deleting needs another role"));
        }
        Ok(Opinion::abstain())
    }
}

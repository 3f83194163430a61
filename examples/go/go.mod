module registries

go 1.24

require portcullis/policy v0.0.0

replace portcullis/policy => ../../guest-sdk/go

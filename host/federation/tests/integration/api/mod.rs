//! The API with a decider of the tests' own, a strict fake of STS and a fake of the sign-in endpoint: the cases of
//! AFP's own tests, everything it was seen to answer, and what is different here on purpose.

mod bodies;
mod cases;
mod differences;
mod failures;
mod listeners;
mod metadata;
mod paths;
mod world;

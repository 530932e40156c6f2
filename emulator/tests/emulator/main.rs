//! The emulator, proved with programs that share no code with our hosts.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod container;
#[cfg(test)]
mod deployed;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod orphans;

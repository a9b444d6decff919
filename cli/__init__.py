"""The command line: thin verbs over the rooms, the lab and the playbooks."""

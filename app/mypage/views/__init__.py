"""The pages of My Page beside the first one."""

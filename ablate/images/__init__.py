"""Pictures in files, and networks on pictures of any size."""

"""How pages and figures look: documents, templates, SVG, rounded numbers. Knows no study and no search."""

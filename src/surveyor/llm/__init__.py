"""Questions to language models: providers in order, typed answers, nothing secret leaves; knows no database."""

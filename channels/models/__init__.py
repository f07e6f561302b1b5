from channels.models.import_run import ImportedDocument, ImportRun

__all__ = ["ImportRun", "ImportedDocument"]

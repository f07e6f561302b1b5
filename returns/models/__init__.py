from returns.models.customer_return import Return, ReturnLine

__all__ = ["Return", "ReturnLine"]

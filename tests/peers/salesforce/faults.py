"""How the API says no: a status, an error code and a sentence."""


class ApiError(Exception):
    """An answer that is an array of errors, as all of the REST API but its sign-in gives them."""

    def __init__(self, status, code, message, fields=None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self):
        """The array that is sent."""
        error = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = self.fields
        return [error]


class RecordFault(Exception):
    """Why one record is not written; a collection goes on with the next one."""

    def __init__(self, code, message, fields=()):
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = list(fields)

    def result(self):
        """The entry of the record in the answer to a collection."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields}
        return {"success": False, "errors": [error]}

    def answer(self, status=400):
        """The same fault when the record is alone in its request."""
        return ApiError(status, self.code, self.message, self.fields)


def not_found(message="The requested resource does not exist"):
    """A resource, object or record that is not there."""
    return ApiError(404, "NOT_FOUND", message)


def bad_json(message):
    """A body that is not what the resource reads."""
    return ApiError(400, "JSON_PARSER_ERROR", message)

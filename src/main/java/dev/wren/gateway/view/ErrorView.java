package dev.wren.gateway.view;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** Why a call has no value. */
@Schema(name = "CallError")
record ErrorView(ErrorCode code,
        @Schema(types = {
                "string", "null"}, description = "class of what was thrown") @Nullable String type,
        String message,
        @Schema(types = {"string", "null"}, description = "with its causes") @Nullable String stackTrace) {

    static @Nullable ErrorView of(Report report) {
        return switch (report.outcome()) {
            case Outcome.Success _ -> null;
            case Outcome.Failure(CallError error) ->
                new ErrorView(error.code(), error.type(), error.message(), error.stackTrace());
            case Outcome.Cancelled _ -> new ErrorView(ErrorCode.CANCELLED, null, "The call was cancelled.", null);
        };
    }
}

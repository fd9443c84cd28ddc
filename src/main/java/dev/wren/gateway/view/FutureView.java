package dev.wren.gateway.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.record.Call;
import dev.wren.protocol.CallState;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import io.swagger.v3.oas.annotations.media.Schema;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A call as a caller polls it. */
@Schema(name = "Future", description = "A call, as a caller polls it.")
public record FutureView(String callsetId, String callId, StateView state,
        @Schema(implementation = Object.class,
                description = "the value, when the state is success and its JSON is at most 64 KiB") @JsonInclude(Include.NON_NULL) @JsonRawValue @Nullable Object result,
        @JsonInclude(Include.NON_NULL) @Nullable ErrorView error,
        @Schema(description = "attempts begun") int attempts, List<AttemptView> attemptLog,
        @Schema(description = "what a worker has measured of the last attempt that ended; null until then") @Nullable StatusView status,
        InvokeMetadataView invokeMetadata, String storagePath,
        @Schema(description = "the call that this one runs again") @JsonInclude(Include.NON_NULL) @Nullable String redriveOfCallId,
        Map<String, String> links) {

    /** States by the names that callers see. */
    @Schema(name = "State")
    enum StateView {
        @JsonProperty("new")
        NEW,
        @JsonProperty("invoked")
        INVOKED,
        @JsonProperty("running")
        RUNNING,
        @JsonProperty("success")
        SUCCESS,
        @JsonProperty("error")
        ERROR,
        @JsonProperty("cancelled")
        CANCELLED;

        public static StateView of(CallState state) {
            return switch (state) {
                case NEW -> NEW;
                case INVOKED -> INVOKED;
                case RUNNING -> RUNNING;
                case SUCCESS -> SUCCESS;
                case ERROR -> ERROR;
                case CANCELLED -> CANCELLED;
            };
        }
    }

    /** What an attempt came to. */
    @Schema(name = "Attempt")
    record AttemptView(int attempt, StateView state, @JsonInclude(Include.NON_NULL) @Nullable ErrorView error,
            @Schema(types = {
                    "string", "null"}, format = "date-time") @Nullable Instant startTime,
            @Schema(types = {"string", "null"}, format = "date-time") @Nullable Instant endTime) {

        public static AttemptView of(Call.Attempt attempt) {
            Report report = attempt.report();
            Report.Status status = report.status();
            return new AttemptView(report.attempt(), StateView.of(report.outcome().state()), ErrorView.of(report),
                    status == null ? null : start(status), status == null ? null : end(status));
        }
    }

    /** What a worker has measured. */
    @Schema(name = "Status", description = "What a worker has measured of an attempt. Times in seconds.")
    record StatusView(Instant startTime, Instant endTime,
            @Schema(description = "fetching, loading and constructing the function") BigDecimal setupTime,
            @Schema(description = "the function's own time") BigDecimal execTime,
            @Schema(description = "whether the function was ready from an earlier call") boolean runtimeCached,
            int attempt, String workerId,
            @Schema(description = "what it wrote to standard output and error: head and tail") String stdout,
            @Schema(types = {
                    "integer",
                    "null"}, description = "of the process, where it died in this call") @Nullable Integer exitCode) {

        public static @Nullable StatusView of(Report report) {
            Report.Status status = report.status();
            return status == null
                    ? null
                    : new StatusView(start(status), end(status), seconds(status.setupNanos()),
                            seconds(status.execNanos()), status.runtimeCached(), report.attempt(), status.workerId(),
                            new String(status.output().excerpt(), StandardCharsets.UTF_8), status.exitCode());
        }
    }

    /** How it was invoked. */
    @Schema(name = "InvokeMetadata")
    record InvokeMetadataView(Instant hostSubmitTime,
            @Schema(types = {
                    "string",
                    "null"}, format = "date-time",
                    description = "when the last attempt was handed to the executor") @Nullable Instant invokeTime,
            String executor,
            @Schema(implementation = Object.class, types = "object",
                    description = "as it was given with the map") @JsonRawValue Object extraMeta) {
    }

    public static FutureView of(Callset callset, Call call) {
        String id = callset.callId(call.index());
        Report report = call.report();
        boolean ended = call.state().isFinal();
        String self = "/calls/" + callset.id() + "/" + id;
        Map<String, String> links = new TreeMap<>(Map.of("self", self, "callset", "/calls/" + callset.id(), "result",
                self + "/result", "logs", self + "/logs", "cancel", self + "/cancel"));
        return new FutureView(callset.id().text(), id, StateView.of(call.state()),
                ended && report != null ? inline(report) : null,
                ended && report != null ? ErrorView.of(report) : null, call.attempts(),
                call.attemptLog().stream().map(AttemptView::of).toList(),
                report == null ? null : StatusView.of(report),
                new InvokeMetadataView(callset.createdAt(), call.invokedAt(), callset.executor(),
                        callset.settings().extraMeta()),
                ObjectKeys.callset(callset.tenant(), callset.id()),
                callset.redriveOfCallId(call.index()).orElse(null), links);
    }

    private static @Nullable String inline(Report report) {
        return report.outcome() instanceof Outcome.Success(Value.Inline(byte[] json))
                ? new String(json, StandardCharsets.UTF_8)
                : null;
    }

    private static Instant start(Report.Status status) {
        return Instant.EPOCH.plus(status.startMicros(), ChronoUnit.MICROS);
    }

    private static Instant end(Report.Status status) {
        return start(status).plusNanos(status.execNanos()).truncatedTo(ChronoUnit.MICROS);
    }

    private static BigDecimal seconds(long nanos) {
        return BigDecimal.valueOf(nanos / 1000, 6);
    }
}

package dev.wren.gateway.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetState;
import dev.wren.gateway.record.Counts;
import dev.wren.gateway.record.MappedFunction;
import dev.wren.protocol.Invocation;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A callset as callers see it. */
@Schema(name = "Callset", description = "One map: a function, N data, N calls.")
public record CallsetView(String callsetId, FunctionView function, String executor,
        @Schema(description = "number of calls") int size, StatesView states,
        @Schema(description = "whether all calls have ended") boolean done,
        @Schema(description = "when it was accepted") Instant createdAt,
        @Schema(types = {
                "string",
                "null"}, format = "date-time",
                description = "when the last call ended; null until then") @Nullable Instant doneAt,
        Map<String, String> tags, @JsonInclude(Include.NON_NULL) @Nullable String redriveOf,
        @JsonInclude(Include.NON_NULL) @Nullable String reduceOf,
        @Schema(description = "where its results are written; only if that was asked for") @JsonInclude(Include.NON_NULL) @Nullable OutputView output,
        Map<String, String> links,
        @Schema(description = "the first 1,000 futures in order; only in the answer to a map") @JsonInclude(Include.NON_NULL) @Nullable List<FutureView> futures) {

    /** What is run. */
    @Schema(name = "PinnedFunction")
    record FunctionView(@Schema(description = "as the caller wrote it") String jar,
            @Schema(description = "the content that is run, whatever becomes of the name") String sha256,
            @Schema(description = "the class path, in order, if it has several jars; the first is jar") @JsonInclude(Include.NON_NULL) @Nullable List<PinnedJarView> jars,
            String handler,
            @ArraySchema(
                    arraySchema = @Schema(
                            description = "what the method's first parameters are; only where there are some"),
                    schema = @Schema) @JsonInclude(Include.NON_NULL) @JsonRawValue @Nullable Object arguments) {

        static FunctionView of(Callset callset) {
            MappedFunction function = callset.settings().function();
            List<PinnedJarView> jars = new ArrayList<>();
            for (int i = 0; i < function.jars().size(); i++) {
                jars.add(new PinnedJarView(function.jars().get(i), callset.jars().get(i).sha256()));
            }
            return new FunctionView(jars.getFirst().jar, jars.getFirst().sha256, jars.size() > 1 ? jars : null,
                    function.handler(), function.arguments().equals(Invocation.NO_ARGUMENTS)
                            ? null
                            : function.arguments());
        }
    }

    /** A jar of a class path. */
    @Schema(name = "PinnedJar")
    record PinnedJarView(@Schema(description = "as the caller wrote it") String jar,
            @Schema(description = "the content that is run") String sha256) {
    }

    /** Calls by state. */
    @Schema(name = "States", description = "Calls by state, at one moment.")
    record StatesView(@JsonProperty("new") int created, int invoked, int running,
            int success, int error, int cancelled) {

        static StatesView of(Counts counts) {
            return new StatesView(counts.created(), counts.invoked(), counts.running(), counts.success(),
                    counts.error(), counts.cancelled());
        }
    }

    /** Where results are written, and whether they are. */
    @Schema(name = "Output")
    record OutputView(@Schema(description = "below this: parts of lines of JSON, and manifest.json at last") String uri,
            @Schema(description = "pending until all calls have ended", allowableValues = {
                    "pending", "writing", "written",
                    "failed"}) String state,
            @Schema(description = "why it failed; only then") @JsonInclude(Include.NON_NULL) @Nullable String reason) {

        static @Nullable OutputView of(Callset callset, boolean done) {
            return callset.outputPlace().map(place -> callset.delivery()
                    .map(ended -> new OutputView(place.toString(), ended.state().name().toLowerCase(Locale.ROOT),
                            ended.reason()))
                    .orElseGet(() -> new OutputView(place.toString(), done ? "writing" : "pending", null)))
                    .orElse(null);
        }
    }

    /** The same, as if its results were written nowhere. */
    public CallsetView withoutOutput() {
        return new CallsetView(callsetId, function, executor, size, states, done, createdAt, doneAt, tags, redriveOf,
                reduceOf, null, links, futures);
    }

    public static CallsetView of(Callset callset) {
        return of(callset, null);
    }

    public static CallsetView of(Callset callset, @Nullable List<FutureView> futures) {
        CallsetState.Summary summary = callset.state().summary();
        Counts counts = summary.counts();
        Instant doneAt = summary.doneAt();
        String self = "/calls/" + callset.id();
        Map<String, String> links = new TreeMap<>(Map.of("self", self, "futures", self + "/futures", "results",
                self + "/results", "events", self + "/events", "cancel", self + "/cancel"));
        return new CallsetView(callset.id().text(),
                FunctionView.of(callset),
                callset.executor(), callset.size(),
                StatesView.of(counts),
                doneAt != null, callset.createdAt(), doneAt, new TreeMap<>(callset.settings().tags()),
                callset.redriveOf() == null ? null : callset.redriveOf().text(),
                callset.reduceOf() == null ? null : callset.reduceOf().text(),
                OutputView.of(callset, doneAt != null), links, futures);
    }
}

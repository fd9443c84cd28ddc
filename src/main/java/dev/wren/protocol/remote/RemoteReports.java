package dev.wren.protocol.remote;

import dev.wren.protocol.CallError;
import dev.wren.protocol.CallState;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.protocol.WireException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What a worker far away says of calls of one invocation.
 *
 * @param version of the protocol that the worker speaks
 * @param tenant the tenant whose invocation it was
 * @param callset the callset
 * @param send the number of the sending
 * @param worker the worker's name
 * @param entries one or more
 */
public record RemoteReports(int version, String tenant, String callset, long send, String worker, List<Entry> entries) {

    private static final String RETURNED = "returned";
    private static final String GONE = "gone";

    public RemoteReports {
        entries = List.copyOf(entries);
    }

    /** Something about one call. */
    public sealed interface Entry {

        int call();

        int attempt();

        /** What the invocation had for the call. */
        String token();

        /** An attempt has ended. */
        record Ended(Report report, String token) implements Entry {

            @Override
            public int call() {
                return report.call();
            }

            @Override
            public int attempt() {
                return report.attempt();
            }
        }

        /**
         * The call came to nothing, and no fault of it is why.
         *
         * @param why for people
         * @param trouble whether something failed that is not to fail; else it was just not begun
         */
        record Returned(int call, int attempt, String token, String why, boolean trouble) implements Entry {
        }

        /**
         * Every worker that was given the call has ended without a word.
         *
         * @param why for people
         */
        record Gone(int call, int attempt, String token, String why) implements Entry {
        }
    }

    /** Whether something of it is in the object for what is too large. */
    public boolean hasOverflow() {
        return entries.stream().anyMatch(entry -> entry instanceof Entry.Ended(Report report, String _)
                && (report.outcome() instanceof Outcome.Success(Value.Part _)
                        || (report.status() != null
                                && report.status().output().logOffset() != Output.OWN_OBJECT)));
    }

    /** This as JSON; {@link #read} is its inverse. */
    public byte[] toJson() {
        return Json.write(json -> {
            json.writeNumberProperty("version", version);
            json.writeStringProperty("tenant", tenant);
            json.writeStringProperty("callset", callset);
            json.writeNumberProperty("send", send);
            json.writeStringProperty("worker", worker);
            json.writeArrayPropertyStart("entries");
            entries.forEach(entry -> write(json, entry));
            json.writeEndArray();
        });
    }

    /** Bytes that an entry takes in the JSON. */
    public static int size(Entry entry) {
        return Json.write(json -> {
            json.writeName("");
            write(json, entry);
        }).length;
    }

    private static void write(JsonGenerator json, Entry entry) {
        json.writeStartObject();
        json.writeNumberProperty("call", entry.call());
        json.writeNumberProperty("attempt", entry.attempt());
        json.writeStringProperty("token", entry.token());
        switch (entry) {
            case Entry.Returned returned -> {
                json.writeStringProperty("state", RETURNED);
                json.writeStringProperty("why", returned.why);
                json.writeBooleanProperty("trouble", returned.trouble);
            }
            case Entry.Gone gone -> {
                json.writeStringProperty("state", GONE);
                json.writeStringProperty("why", gone.why);
            }
            case Entry.Ended(Report report, String _) -> {
                json.writeStringProperty("state", report.outcome().state().label());
                switch (report.outcome()) {
                    case Outcome.Success(Value.Inline(byte[] value)) ->
                        json.writeStringProperty("value", new String(value, StandardCharsets.UTF_8));
                    case Outcome.Success(Value.Part(long offset, long size)) -> {
                        json.writeNumberProperty("valueOffset", offset);
                        json.writeNumberProperty("valueSize", size);
                    }
                    case Outcome.Success(Value.Stored _) ->
                        throw new IllegalArgumentException("a far worker stores no value under a key of its own");
                    case Outcome.Failure(CallError error) -> write(json, error);
                    case Outcome.Cancelled() -> {
                        // There is no more to say.
                    }
                }
                if (report.status() != null) {
                    write(json, report.status());
                }
            }
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, CallError error) {
        json.writeStringProperty("code", error.code().name());
        if (error.type() != null) {
            json.writeStringProperty("type", error.type());
        }
        json.writeStringProperty("message", error.message());
        if (error.stackTrace() != null) {
            json.writeStringProperty("stackTrace", error.stackTrace());
        }
    }

    private static void write(JsonGenerator json, Report.Status status) {
        json.writeNumberProperty("start", status.startMicros());
        json.writeNumberProperty("exec", status.execNanos());
        json.writeNumberProperty("setup", status.setupNanos());
        json.writeBooleanProperty("cached", status.runtimeCached());
        Output output = status.output();
        if (output.excerpt().length > 0) {
            json.writeStringProperty("output", new String(output.excerpt(), StandardCharsets.UTF_8));
        }
        if (output.logSize() > 0) {
            json.writeNumberProperty("logSize", output.logSize());
            json.writeNumberProperty("logOffset", output.logOffset());
        }
        if (status.exitCode() != null) {
            json.writeNumberProperty("exit", status.exitCode());
        }
    }

    /**
     * Reads what {@link #toJson} has written.
     *
     * @throws WireException when these are no reports
     */
    public static RemoteReports read(byte[] bytes) {
        Parts parts = new Parts();
        return Json.read(bytes, parts, parts::reports);
    }

    private static final class Parts implements Json.Fields {
        private int version;
        private String tenant = "";
        private @Nullable String callset;
        private long send;
        private String worker = "";
        private List<EntryParts> entries = List.of();

        @Override
        public void read(String name, JsonParser json) {
            switch (name) {
                case "version" -> version = json.getIntValue();
                case "tenant" -> tenant = Json.text(json);
                case "callset" -> callset = Json.text(json);
                case "send" -> send = json.getLongValue();
                case "worker" -> worker = Json.text(json);
                case "entries" -> entries = Json.array(json, () -> new EntryParts().read(json));
                default -> json.skipChildren();
            }
        }

        RemoteReports reports() {
            if (callset == null) {
                throw new WireException("reports of no callset");
            }
            return new RemoteReports(version, tenant, callset, send, worker,
                    entries.stream().map(entry -> entry.entry(send, worker)).toList());
        }
    }

    private static final class EntryParts {
        private int call = -1;
        private int attempt;
        private String token = "";
        private String state = "";
        private String why = "";
        private boolean trouble;
        private byte @Nullable [] value;
        private long valueOffset;
        private long valueSize;
        private @Nullable ErrorCode code;
        private @Nullable String type;
        private String message = "";
        private @Nullable String stackTrace;
        private boolean hasStatus;
        private long start;
        private long exec;
        private long setup;
        private boolean cached;
        private byte[] output = new byte[0];
        private long logSize;
        private long logOffset;
        private @Nullable Integer exit;

        EntryParts read(JsonParser json) {
            Json.object(json, (name, field) -> {
                switch (name) {
                    case "call" -> call = field.getIntValue();
                    case "attempt" -> attempt = field.getIntValue();
                    case "token" -> token = Json.text(field);
                    case "state" -> state = Json.text(field);
                    case "why" -> why = Json.text(field);
                    case "trouble" -> trouble = field.getBooleanValue();
                    case "value" -> value = Json.text(field).getBytes(StandardCharsets.UTF_8);
                    case "valueOffset" -> valueOffset = field.getLongValue();
                    case "valueSize" -> valueSize = field.getLongValue();
                    case "code" -> code = ErrorCode.valueOf(Json.text(field));
                    case "type" -> type = Json.text(field);
                    case "message" -> message = Json.text(field);
                    case "stackTrace" -> stackTrace = Json.text(field);
                    case "start" -> {
                        hasStatus = true;
                        start = field.getLongValue();
                    }
                    case "exec" -> exec = field.getLongValue();
                    case "setup" -> setup = field.getLongValue();
                    case "cached" -> cached = field.getBooleanValue();
                    case "output" -> output = Json.text(field).getBytes(StandardCharsets.UTF_8);
                    case "logSize" -> logSize = field.getLongValue();
                    case "logOffset" -> logOffset = field.getLongValue();
                    case "exit" -> {
                        Json.expect(field, JsonToken.VALUE_NUMBER_INT);
                        exit = field.getIntValue();
                    }
                    default -> field.skipChildren();
                }
            });
            return this;
        }

        Entry entry(long send, String worker) {
            if (call < 0 || attempt < 1 || valueOffset < 0 || valueSize < 0 || logSize < 0 || logOffset < 0
                    || exec < 0 || setup < 0) {
                throw new WireException("a report with a number out of range");
            }
            if (state.equals(RETURNED)) {
                return new Entry.Returned(call, attempt, token, why, trouble);
            }
            if (state.equals(GONE)) {
                return new Entry.Gone(call, attempt, token, why);
            }
            return new Entry.Ended(new Report(call, attempt, send, outcome(), status(worker)), token);
        }

        private Outcome outcome() {
            CallState came = CallState.valueOf(state.toUpperCase(Locale.ROOT));
            return switch (came) {
                case SUCCESS -> new Outcome.Success(value != null
                        ? new Value.Inline(value)
                        : new Value.Part(valueOffset, valueSize));
                case ERROR -> {
                    if (code == null) {
                        throw new WireException("an error without a code");
                    }
                    yield new Outcome.Failure(new CallError(code, type, message, stackTrace));
                }
                case NEW, INVOKED, RUNNING, CANCELLED -> throw new WireException("a report of the state " + came);
            };
        }

        private Report.@Nullable Status status(String worker) {
            return hasStatus
                    ? new Report.Status(start, exec, setup, cached, worker,
                            new Output(output, logSize, logSize == 0 ? Output.OWN_OBJECT : logOffset), exit)
                    : null;
        }
    }
}

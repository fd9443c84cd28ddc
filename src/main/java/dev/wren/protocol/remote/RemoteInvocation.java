package dev.wren.protocol.remote;

import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteCall.Datum;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/**
 * All that a worker far away needs for a chunk, and nothing that opens more: whoever has it can run these calls and
 * report of them, until {@code deadlineMillis}.
 *
 * @param invocation what its calls have in common; its jars are URLs that can be read for a while
 * @param tenant the tenant whose callset it is
 * @param environment variables that the function sees
 * @param fresh whether a JVM is to be started for it alone
 * @param limits of values, outputs and times
 * @param invokedAtMillis when it was sent, milliseconds since the epoch
 * @param deadlineMillis when nobody waits for its reports any more, milliseconds since the epoch
 * @param data URL of the callset's data, where a call has a {@link Datum.Range}; else null
 * @param overflow URL that what is too large for a report can be put to, once
 * @param signs URLs of two objects: the first is there when the callset was cancelled, the second when it was not deleted
 * @param queue URL of the queue that takes the reports
 * @param answers whether reports are the invocation's answer and go to no queue
 * @param calls in ascending order of their indexes
 */
public record RemoteInvocation(Invocation invocation, String tenant, Map<String, String> environment, boolean fresh,
        Limits limits, long invokedAtMillis, long deadlineMillis, @Nullable String data, String overflow,
        List<String> signs, String queue, boolean answers, List<RemoteCall> calls) {

    public RemoteInvocation {
        environment = Map.copyOf(environment);
        signs = List.copyOf(signs);
        calls = List.copyOf(calls);
    }

    /**
     * The limits that a worker keeps to.
     *
     * @param inline bytes of JSON up to which a value travels in its report
     * @param result bytes of JSON above which a value is refused
     * @param excerpt bytes of output up to which all of it is in the report
     * @param log bytes of output above which the log is its head and tail
     * @param nesting levels of nesting of a datum or value
     * @param setupMillis how long loading and constructing a function may take
     * @param receives how often an invocation may be given to a worker of a pool, those included that have ended without a
     * word
     */
    public record Limits(int inline, int result, int excerpt, int log, int nesting, int setupMillis, int receives) {

        /** The same as settings of a worker of that name. */
        public WorkerSettings settings(String workerId) {
            return new WorkerSettings(workerId, inline, result, excerpt, log, nesting);
        }

        private void write(JsonGenerator json) {
            json.writeArrayPropertyStart("limits");
            for (int limit : new int[]{inline, result, excerpt, log, nesting, setupMillis, receives}) {
                json.writeNumber(limit);
            }
            json.writeEndArray();
        }

        private static Limits read(JsonParser json) {
            List<Integer> all = Json.array(json, json::getIntValue);
            return new Limits(all.get(0), all.get(1), all.get(2), all.get(3), all.get(4), all.get(5),
                    all.get(6));
        }
    }

    /** This as JSON; {@link #read} is its inverse. */
    public byte[] toJson() {
        return Json.write(json -> {
            json.writeNumberProperty("version", invocation.protocolVersion());
            json.writeStringProperty("callset", invocation.callsetId());
            json.writeNumberProperty("size", invocation.size());
            json.writeNumberProperty("send", invocation.send());
            json.writeArrayPropertyStart("jars");
            for (Invocation.Jar jar : invocation.jars()) {
                json.writeString(jar.sha256());
                json.writeString(jar.location());
            }
            json.writeEndArray();
            json.writeStringProperty("handler", invocation.handler());
            json.writeStringProperty("arguments", invocation.arguments());
            texts(json, "exclude", invocation.excludeModules());
            json.writeStringProperty("meta", invocation.extraMeta());
            json.writeNumberProperty("maxRuntime", invocation.maxRuntimeMillis());
            json.writeStringProperty("tenant", tenant);
            if (!environment.isEmpty()) {
                json.writeObjectPropertyStart("env");
                environment.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            json.writeBooleanProperty("fresh", fresh);
            limits.write(json);
            json.writeNumberProperty("invokedAt", invokedAtMillis);
            json.writeNumberProperty("deadline", deadlineMillis);
            if (data != null) {
                json.writeStringProperty("data", data);
            }
            json.writeStringProperty("overflow", overflow);
            texts(json, "signs", signs);
            json.writeStringProperty("queue", queue);
            json.writeBooleanProperty("answers", answers);
            json.writeArrayPropertyStart("calls");
            calls.forEach(call -> write(json, call));
            json.writeEndArray();
        });
    }

    private static void texts(JsonGenerator json, String name, List<String> all) {
        json.writeArrayPropertyStart(name);
        all.forEach(json::writeString);
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, RemoteCall call) {
        json.writeStartObject();
        json.writeNumberProperty("call", call.call());
        json.writeNumberProperty("attempt", call.attempt());
        json.writeStringProperty("token", call.token());
        switch (call.datum()) {
            case Datum.Inline(byte[] bytes) ->
                json.writeStringProperty("datum", new String(bytes, StandardCharsets.UTF_8));
            case Datum.Range(long offset, int length) -> {
                json.writeNumberProperty("offset", offset);
                json.writeNumberProperty("length", length);
            }
            case Datum.Link(String url) -> json.writeStringProperty("url", url);
        }
        json.writeEndObject();
    }

    /**
     * Reads what {@link #toJson} has written.
     *
     * @throws dev.wren.protocol.WireException when it is no invocation
     */
    public static RemoteInvocation read(byte[] bytes) {
        Parts parts = new Parts();
        return Json.read(bytes, parts, parts::invocation);
    }

    /** What is read of an invocation, field by field; what is missing is as it is here. */
    private static final class Parts implements Json.Fields {
        private int version;
        private String callset = "";
        private int size;
        private long send;
        private List<String> jars = List.of();
        private String handler = "";
        private String arguments = Invocation.NO_ARGUMENTS;
        private List<String> exclude = List.of();
        private String meta = "{}";
        private long maxRuntime;
        private String tenant = "";
        private Map<String, String> env = Map.of();
        private boolean fresh;
        private Limits limits = new Limits(0, 0, 0, 0, 0, 0, 0);
        private long invokedAt;
        private long deadline;
        private @Nullable String data;
        private String overflow = "";
        private List<String> signs = List.of();
        private String queue = "";
        private boolean answers;
        private List<RemoteCall> calls = List.of();

        @Override
        public void read(String name, JsonParser json) {
            switch (name) {
                case "version" -> version = json.getIntValue();
                case "callset" -> callset = Json.text(json);
                case "size" -> size = json.getIntValue();
                case "send" -> send = json.getLongValue();
                case "jars" -> jars = Json.texts(json);
                case "handler" -> handler = Json.text(json);
                case "arguments" -> arguments = Json.text(json);
                case "exclude" -> exclude = Json.texts(json);
                case "meta" -> meta = Json.text(json);
                case "maxRuntime" -> maxRuntime = json.getLongValue();
                case "tenant" -> tenant = Json.text(json);
                case "env" -> env = Json.map(json);
                case "fresh" -> fresh = json.getBooleanValue();
                case "limits" -> limits = Limits.read(json);
                case "invokedAt" -> invokedAt = json.getLongValue();
                case "deadline" -> deadline = json.getLongValue();
                case "data" -> data = Json.text(json);
                case "overflow" -> overflow = Json.text(json);
                case "signs" -> signs = Json.texts(json);
                case "queue" -> queue = Json.text(json);
                case "answers" -> answers = json.getBooleanValue();
                case "calls" -> calls = Json.array(json, () -> new CallParts().read(json));
                default -> json.skipChildren();
            }
        }

        RemoteInvocation invocation() {
            if (signs.size() != 2) {
                throw new WireException("an invocation with " + signs.size() + " signs");
            }
            if (jars.size() % 2 != 0) {
                throw new WireException("an invocation with a jar that is nowhere");
            }
            List<Invocation.Jar> classPath = new ArrayList<>();
            for (int i = 0; i < jars.size(); i += 2) {
                classPath.add(new Invocation.Jar(jars.get(i), jars.get(i + 1)));
            }
            return new RemoteInvocation(
                    new Invocation(version, callset, size, classPath, handler, arguments, exclude, meta, send,
                            maxRuntime),
                    tenant, env, fresh, limits, invokedAt, deadline, data, overflow, signs, queue, answers, calls);
        }
    }

    private static final class CallParts {
        private int call;
        private int attempt;
        private String token = "";
        private long offset;
        private int length;
        private @Nullable Datum datum;

        RemoteCall read(JsonParser json) {
            Json.object(json, (name, value) -> {
                switch (name) {
                    case "call" -> call = value.getIntValue();
                    case "attempt" -> attempt = value.getIntValue();
                    case "token" -> token = Json.text(value);
                    case "datum" -> datum = new Datum.Inline(Json.text(value).getBytes(StandardCharsets.UTF_8));
                    case "offset" -> offset = value.getLongValue();
                    case "length" -> length = value.getIntValue();
                    case "url" -> datum = new Datum.Link(Json.text(value));
                    default -> value.skipChildren();
                }
            });
            Datum found = datum;
            return new RemoteCall(call, attempt, token, found != null ? found : new Datum.Range(offset, length));
        }
    }
}

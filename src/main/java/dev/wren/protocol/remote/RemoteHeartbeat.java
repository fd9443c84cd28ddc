package dev.wren.protocol.remote;

import dev.wren.protocol.WireException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;

/**
 * What a machine of a pool says of itself, now and then, by the queue of reports.
 *
 * @param version of the protocol that it speaks
 * @param id of the machine, unique in its pool
 * @param queue name of the queue that it takes invocations from
 * @param token by which a gateway knows that it has launched it; empty for a machine that has come by itself
 * @param sequence a number that grows: a later heartbeat has a larger one
 * @param state what it is at
 * @param launchedAtMillis since when it is there, milliseconds since the epoch
 * @param uptimeMillis how long it has been there
 * @param idleMillis how long it has had nothing to do; 0 while it has
 * @param endsInMillis when it ends if nothing comes; null if it stays
 * @param calls that it has ended
 * @param running invocations that it is at
 * @param parallelism how many it can be at
 * @param build of the worker
 * @param instanceType empty where there is no such thing
 * @param spot whether it may be taken away
 * @param dnsName by which it is reached from outside; empty if it is not
 */
public record RemoteHeartbeat(int version, String id, String queue, String token, long sequence, State state,
        long launchedAtMillis, long uptimeMillis, long idleMillis, @Nullable Long endsInMillis, long calls, int running,
        int parallelism, String build, String instanceType, boolean spot, String dnsName) {

    /** Tag of a work queue: the URL of the queue that takes heartbeats. */
    public static final String REPORTS_TAG = "wren-reports";
    /** Tag of an instance: its token. */
    public static final String TOKEN_TAG = "wren-token";
    /** Tag of an instance: it is to end. */
    public static final String DRAIN_TAG = "wren-drain";
    /** Name of the first field, by which it is told from other messages. */
    public static final String FIELD = "heartbeat";

    /** What a machine is at. */
    public enum State {
        /** It takes invocations. */
        RUNNING,
        /** It takes no more, and ends when its calls have. */
        DRAINING,
        /** This is the last that is heard of it. */
        ENDED
    }

    /** This as JSON; {@link #read} is its inverse. */
    public byte[] toJson() {
        return Json.write(json -> {
            json.writeStringProperty(FIELD, id);
            json.writeNumberProperty("version", version);
            json.writeStringProperty("queue", queue);
            json.writeStringProperty("token", token);
            json.writeNumberProperty("sequence", sequence);
            json.writeStringProperty("state", state.name());
            json.writeNumberProperty("launchedAt", launchedAtMillis);
            json.writeNumberProperty("uptime", uptimeMillis);
            json.writeNumberProperty("idle", idleMillis);
            if (endsInMillis != null) {
                json.writeNumberProperty("endsIn", endsInMillis);
            }
            json.writeNumberProperty("calls", calls);
            json.writeNumberProperty("running", running);
            json.writeNumberProperty("parallelism", parallelism);
            json.writeStringProperty("build", build);
            json.writeStringProperty("type", instanceType);
            json.writeBooleanProperty("spot", spot);
            json.writeStringProperty("dnsName", dnsName);
        });
    }

    /**
     * Reads what {@link #toJson} has written.
     *
     * @throws WireException when it is no heartbeat
     */
    public static RemoteHeartbeat read(byte[] bytes) {
        Parts parts = new Parts();
        return Json.read(bytes, parts, parts::heartbeat);
    }

    private static final class Parts implements Json.Fields {
        private int version;
        private String id = "";
        private String queue = "";
        private String token = "";
        private long sequence;
        private @Nullable State state;
        private long launchedAt;
        private long uptime;
        private long idle;
        private @Nullable Long endsIn;
        private long calls;
        private int running;
        private int parallelism;
        private String build = "";
        private String type = "";
        private boolean spot;
        private String dnsName = "";

        @Override
        public void read(String name, JsonParser json) {
            switch (name) {
                case FIELD -> id = Json.text(json);
                case "version" -> version = json.getIntValue();
                case "queue" -> queue = Json.text(json);
                case "token" -> token = Json.text(json);
                case "sequence" -> sequence = json.getLongValue();
                case "state" -> state = State.valueOf(Json.text(json));
                case "launchedAt" -> launchedAt = json.getLongValue();
                case "uptime" -> uptime = json.getLongValue();
                case "idle" -> idle = json.getLongValue();
                case "endsIn" -> endsIn = json.getLongValue();
                case "calls" -> calls = json.getLongValue();
                case "running" -> running = json.getIntValue();
                case "parallelism" -> parallelism = json.getIntValue();
                case "build" -> build = Json.text(json);
                case "type" -> type = Json.text(json);
                case "spot" -> spot = json.getBooleanValue();
                case "dnsName" -> dnsName = Json.text(json);
                default -> json.skipChildren();
            }
        }

        RemoteHeartbeat heartbeat() {
            State now = state;
            if (id.isEmpty() || queue.isEmpty() || now == null || uptime < 0 || idle < 0 || calls < 0 || running < 0
                    || parallelism < 1 || (endsIn != null && endsIn < 0)) {
                throw new WireException("a heartbeat with a part missing or out of range");
            }
            return new RemoteHeartbeat(version, id, queue, token, sequence, now, launchedAt, uptime, idle, endsIn,
                    calls, running, parallelism, build, type, spot, dnsName);
        }
    }
}

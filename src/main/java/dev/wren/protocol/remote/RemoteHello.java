package dev.wren.protocol.remote;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;

/**
 * What a worker far away says of itself, when it is asked by {@link #QUESTION} instead of an invocation.
 *
 * @param version of the protocol that it speaks
 * @param java its Java version
 * @param trouble why it can run nothing, or null
 */
public record RemoteHello(int version, String java, @Nullable String trouble) {

    /** The question. */
    public static final String QUESTION = "{\"hello\":true}";

    /** This as JSON; {@link #read} is its inverse. */
    public byte[] toJson() {
        return Json.write(json -> {
            json.writeNumberProperty("version", version);
            json.writeStringProperty("java", java);
            if (trouble != null) {
                json.writeStringProperty("trouble", trouble);
            }
        });
    }

    /**
     * Reads what {@link #toJson} has written.
     *
     * @throws dev.wren.protocol.WireException when it is no answer to the question
     */
    public static RemoteHello read(byte[] bytes) {
        Parts parts = new Parts();
        return Json.read(bytes, parts, () -> new RemoteHello(parts.version, parts.java, parts.trouble));
    }

    private static final class Parts implements Json.Fields {
        private int version;
        private String java = "";
        private @Nullable String trouble;

        @Override
        public void read(String name, JsonParser json) {
            switch (name) {
                case "version" -> version = json.getIntValue();
                case "java" -> java = Json.text(json);
                case "trouble" -> trouble = Json.text(json);
                default -> json.skipChildren();
            }
        }
    }
}

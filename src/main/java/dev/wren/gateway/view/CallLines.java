package dev.wren.gateway.view;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.record.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;

/** Calls as lines of JSON: their ids, states, and values or errors. */
public final class CallLines {

    private CallLines() {
    }

    /** Writes one line. The value goes through as it is. */
    public static void write(OutputStream out, Callset callset, Call call, JsonMapper json) throws IOException {
        out.write(("{\"callId\":\"" + callset.callId(call.index()) + "\",\"state\":\"" + call.state().label() + "\"")
                .getBytes(StandardCharsets.UTF_8));
        switch (call.state()) {
            case SUCCESS -> {
                out.write(",\"result\":".getBytes(StandardCharsets.UTF_8));
                try (InputStream value = callset.value(Objects.requireNonNull(call.report()))) {
                    value.transferTo(out);
                }
            }
            case ERROR, CANCELLED -> {
                out.write(",\"error\":".getBytes(StandardCharsets.UTF_8));
                out.write(json.writeValueAsBytes(ErrorView.of(Objects.requireNonNull(call.report()))));
            }
            case NEW, INVOKED, RUNNING -> {
                // It has not ended: its line tells the state alone.
            }
        }
        out.write("}\n".getBytes(StandardCharsets.UTF_8));
    }
}

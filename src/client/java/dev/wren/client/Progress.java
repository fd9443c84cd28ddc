package dev.wren.client;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A bar of a callset's calls, by its events, while somebody waits. */
final class Progress implements AutoCloseable {

    private final ProgressBar bar;
    private final @Nullable EventStream stream;

    private Progress(ProgressBar bar, @Nullable EventStream stream) {
        this.bar = bar;
        this.stream = stream;
    }

    /** Shown from now on, where bars are shown. */
    static Progress of(Gateways gateways, Calls<?> calls) {
        ProgressBar bar = calls.bars().calls(calls.size());
        if (!bar.isShown()) {
            return new Progress(bar, null);
        }
        EventStream stream = new EventStream(gateways, calls.id(), false, new EventStream.Handler() {

            @Override
            public void event(String name, String data) {
                JsonNode states = JsonMapper.shared().readTree(data);
                if (name.equals("done")) {
                    states = states.path("states");
                }
                long failed = states.path("error").asLong(0);
                long cancelled = states.path("cancelled").asLong(0);
                bar.set(states.path("success").asLong(0) + failed + cancelled,
                        (failed > 0 ? failed + " failed " : "") + (cancelled > 0 ? cancelled + " cancelled" : ""));
            }

            @Override
            public void failed(RuntimeException why) {
                // Whoever waits is told.
            }
        });
        Thread.ofVirtual().name("wren-progress-" + calls.id()).start(stream::run);
        return new Progress(bar, stream);
    }

    @Override
    public void close() {
        if (stream != null) {
            stream.close();
        }
        bar.close();
    }
}

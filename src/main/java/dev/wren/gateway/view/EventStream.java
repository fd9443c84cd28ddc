package dev.wren.gateway.view;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.record.Counts;
import dev.wren.gateway.web.ParkedRequests;
import dev.wren.gateway.web.problem.ProblemException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The events of one callset to one reader. It walks the callset's log, so an event's id is a place in the log and means
 * the same after a restart; nothing is queued for a reader, and a slow one holds up its own thread alone. Used by one
 * thread.
 */
final class EventStream {

    private static final int BUFFER = 1 << 16;
    private static final Duration RECONNECT = Duration.ofSeconds(1);
    /** Between two looks at what runs, which no commit tells of. */
    private static final Duration LOOK = Duration.ofSeconds(1);
    /** Between two events of progress. */
    private static final Duration PROGRESS = Duration.ofMillis(100);

    private final Callset callset;
    private final OutputStream out;
    private final HttpServletResponse response;
    private final JsonMapper json;
    private final boolean ofCalls;
    private final Duration heartbeat;
    private final Ticker ticker;
    private @Nullable Counts sent;
    private long progressAt;
    private long writtenAt;

    EventStream(Callset callset, HttpServletResponse response, JsonMapper json, boolean ofCalls, Duration heartbeat,
            Ticker ticker)
            throws IOException {
        this.callset = callset;
        this.response = response;
        this.out = new BufferedOutputStream(response.getOutputStream(), BUFFER);
        this.json = json;
        this.ofCalls = ofCalls;
        this.heartbeat = heartbeat;
        this.ticker = ticker;
        this.writtenAt = ticker.read();
        this.progressAt = writtenAt - PROGRESS.toNanos();
    }

    /**
     * A place between events: so many segments of the log, and so many calls of the next one, are told of.
     *
     * @param calls or {@link #END}
     */
    record Position(int segment, int calls) {

        static final Position START = new Position(0, 0);
        private static final int END = -1;
        private static final Pattern TEXT = Pattern.compile("(0|[1-9]\\d{0,8})-(0|[1-9]\\d{0,8}|done)");

        static Optional<Position> parse(String text) {
            Matcher matcher = TEXT.matcher(text);
            return matcher.matches()
                    ? Optional.of(new Position(Integer.parseInt(matcher.group(1)),
                            matcher.group(2).equals("done") ? END : Integer.parseInt(matcher.group(2))))
                    : Optional.empty();
        }

        /** Whether there is nothing after it. */
        boolean isEnd() {
            return calls == END;
        }

        /** Whether the callset's log has this place. */
        boolean isIn(Callset callset) {
            int segments = callset.state().segments();
            return calls == END
                    ? callset.isDone() && segment == segments
                    : segment < segments
                            ? calls <= callset.endedWith(segment).length
                            : segment == segments && calls == 0;
        }

        @Override
        public String toString() {
            return segment + "-" + (calls == END ? "done" : Integer.toString(calls));
        }
    }

    /** The same as {@link #walk}; what is read of a callset that has just been deleted is no problem, but the end. */
    void send(Position from, ParkedRequests.Place place) throws IOException, InterruptedException {
        try {
            walk(from, place);
        } catch (ProblemException e) {
            if (!callset.state().isDeleted()) {
                throw e;
            }
        }
    }

    /** Sends what is after {@code from}, and what comes, until the callset is done or gone, or the gateway ends. */
    private void walk(Position from, ParkedRequests.Place place) throws IOException, InterruptedException {
        int segment = from.segment();
        int skip = from.calls();
        write("retry: " + RECONNECT.toMillis() + "\n\n");
        while (!callset.state().isDeleted()) {
            // Asked for first: what is committed later has its own turn.
            boolean done = callset.isDone();
            int segments = callset.state().segments();
            for (; segment < segments; segment++) {
                if (ofCalls) {
                    calls(segment, skip);
                }
                skip = 0;
            }
            progress(segment, done);
            if (done) {
                event(new Position(segment, Position.END), "done", CallsetView.of(callset));
                flush();
                return;
            }
            if (ticker.read() - writtenAt >= heartbeat.toNanos()) {
                write(": heartbeat\n\n");
            }
            flush();
            int seen = segment;
            place.await(pause(), left -> callset.state().awaitChange(() -> callset.state().segments() > seen, left));
            if (place.isLeaving()) {
                return;
            }
        }
    }

    private void calls(int segment, int skip) throws IOException {
        int[] ended = callset.endedWith(segment);
        for (int i = skip; i < ended.length; i++) {
            event(new Position(segment, i + 1), "call", FutureView.of(callset, callset.call(ended[i])));
        }
    }

    private void progress(int segment, boolean last) throws IOException {
        Counts counts = callset.state().counts();
        if (counts.equals(sent) || (!last && ticker.read() - progressAt < PROGRESS.toNanos())) {
            return;
        }
        event(new Position(segment, 0), "progress", CallsetView.StatesView.of(counts));
        sent = counts;
        progressAt = ticker.read();
    }

    private Duration pause() {
        Duration untilProgress = callset.state().counts().equals(sent)
                ? LOOK
                : PROGRESS.minusNanos(ticker.read() - progressAt);
        Duration shortest = heartbeat.compareTo(untilProgress) < 0 ? heartbeat : untilProgress;
        return shortest.isNegative() ? Duration.ZERO : shortest;
    }

    private void event(Position id, String name, Object data) throws IOException {
        // What callers wrote may span lines; a line break in JSON is white space.
        String text = json.writeValueAsString(data).replace('\n', ' ').replace('\r', ' ');
        write("id: " + id + "\nevent: " + name + "\ndata: " + text + "\n\n");
    }

    private void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        writtenAt = ticker.read();
    }

    private void flush() throws IOException {
        out.flush();
        response.flushBuffer();
    }
}

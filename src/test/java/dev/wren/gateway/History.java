package dev.wren.gateway;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * All that clients have seen of callsets and calls, from any gateway. Who asks after somebody else was answered must not see
 * less than that one: what has ended has ended, once and for all with the same value, and counts never go back. Safe for use
 * by several threads.
 */
final class History {

    private final Map<String, Integer> ended = new HashMap<>();
    private final Map<String, String> finals = new HashMap<>();
    private final List<String> wrong = new ArrayList<>();
    private long answers;

    /** Somebody asks now. */
    synchronized Before before() {
        return new Before(new HashMap<>(ended), new HashMap<>(finals));
    }

    /** What had been seen when somebody asked. */
    final class Before {

        private final Map<String, Integer> endedThen;
        private final Map<String, String> finalsThen;

        private Before(Map<String, Integer> endedThen, Map<String, String> finalsThen) {
            this.endedThen = endedThen;
            this.finalsThen = finalsThen;
        }

        /** The answer was a callset. */
        void sawCallset(JsonNode callset) {
            String id = callset.path("callsetId").asString();
            JsonNode states = callset.path("states");
            int now = states.path("success").asInt() + states.path("error").asInt() + states.path("cancelled").asInt();
            String done = callset.path("done").asBoolean() ? callset.path("doneAt").asString() : null;
            synchronized (History.this) {
                answers++;
                if (now < endedThen.getOrDefault(id, 0)) {
                    wrong.add(id + ": " + endedThen.get(id) + " had ended, and now " + now);
                }
                ended.merge(id, now, Math::max);
                sawFinal(id, done);
            }
        }

        /** The answer was a future. */
        void sawFuture(JsonNode future) {
            String state = future.path("state").asString();
            boolean isFinal = List.of("success", "error", "cancelled").contains(state);
            synchronized (History.this) {
                answers++;
                sawFinal(future.path("callsetId").asString() + "/" + future.path("callId").asString(),
                        isFinal ? state + " " + future.path("result") + " " + future.path("attempts") : null);
            }
        }

        private void sawFinal(String what, String now) {
            if (now == null && finalsThen.containsKey(what)) {
                wrong.add(what + " was " + finalsThen.get(what) + ", and is not final any more");
            } else if (now != null) {
                String before = finals.putIfAbsent(what, now);
                if (before != null && !before.equals(now)) {
                    wrong.add(what + " was " + before + ", and is " + now);
                }
            }
        }
    }

    /** What was seen that must not be. */
    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    synchronized long answers() {
        return answers;
    }
}

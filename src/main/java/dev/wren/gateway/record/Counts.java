package dev.wren.gateway.record;

/** Calls of a callset by state, at one moment. */
public record Counts(int created, int invoked, int running, int success, int error, int cancelled) {

    public int size() {
        return created + invoked + running + ended();
    }

    public int ended() {
        return success + error + cancelled;
    }
}

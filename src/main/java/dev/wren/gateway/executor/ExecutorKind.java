package dev.wren.gateway.executor;

/** Makes executors of one kind; each kind is a bean. */
public interface ExecutorKind {

    /** {@code local}, {@code lambda} or {@code standalone}. */
    String kind();

    /** An executor, not yet started. */
    Executor create(String name, SettingsSource settings);
}

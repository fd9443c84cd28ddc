package dev.wren.gateway.executor;

import org.springframework.boot.context.properties.bind.Binder;

/** Makes executors of one kind; each kind is a bean. */
public interface ExecutorKind {

    /** {@code local}, {@code lambda} or {@code standalone}. */
    String kind();

    /**
     * An executor, not yet started.
     *
     * @param prefix where its settings are, for example {@code wren.executors.local}
     */
    Executor create(String name, String prefix, Binder binder);
}

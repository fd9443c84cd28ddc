package dev.wren.gateway.executor;

/** The configured settings of one executor. */
public interface SettingsSource {

    /**
     * The settings as a record, with its defaults where nothing is configured.
     *
     * @throws RuntimeException that names the setting, if one is wrong or unknown
     */
    <T> T as(Class<T> type);
}

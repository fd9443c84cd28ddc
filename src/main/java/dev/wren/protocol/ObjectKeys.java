package dev.wren.protocol;

import java.time.LocalDate;
import java.util.Set;

/** Spells the keys of all stored objects; nobody else does. Keys of a tenant start with the tenant's name. */
public final class ObjectKeys {

    /** The tenant while there is no authentication. */
    public static final String DEFAULT_TENANT = "default";

    /** What the store says of itself. */
    public static final String FORMAT = "format";

    /** Folders that are no tenant's. */
    public static final Set<String> NO_TENANTS = Set.of("builds", "gateways", "instances", "shards");

    private ObjectKeys() {
    }

    /** name → sha256, size, time. */
    public static String jar(String tenant, String name) {
        return jars(tenant) + name;
    }

    /** All names of jars are under this. */
    public static String jars(String tenant) {
        return tenant + "/jars/names/";
    }

    /** A jar's bytes. */
    public static String jarContent(String tenant, String sha256) {
        return tenant + "/jars/sha256/" + sha256;
    }

    /** Since when nothing refers to a jar's bytes. */
    public static String unusedJar(String tenant, String sha256) {
        return tenant + "/jars/unused/" + sha256;
    }

    /** Which contents of jars callsets refer to, as far as that was looked at. */
    public static String jarReferences(String tenant) {
        return tenant + "/jars/references";
    }

    /** All callsets, newest first, are folders under this. */
    public static String callsets(String tenant) {
        return tenant + "/callsets/";
    }

    /** All objects of a callset are under this. */
    public static String callset(String tenant, CallsetId id) {
        return callsets(tenant) + id.key() + "/";
    }

    /** The manifest: its existence means that the callset is accepted. */
    public static String manifest(String tenant, CallsetId id) {
        return callset(tenant, id) + "callset";
    }

    /** All data in one object. */
    public static String data(String tenant, CallsetId id) {
        return callset(tenant, id) + "data";
    }

    /** Where each datum ends in {@link #data}: 8 bytes each, big-endian. */
    public static String dataIndex(String tenant, CallsetId id) {
        return callset(tenant, id) + "data.index";
    }

    /** One datum in an object of its own. */
    public static String datum(String tenant, CallsetId id, String callId) {
        return callset(tenant, id) + "each/" + callId;
    }

    /** All segments of the log are under this, in their order, and its index. */
    public static String log(String tenant, CallsetId id) {
        return callset(tenant, id) + "log/";
    }

    /** Segment {@code n} of the log, from 0; ten digits, so that the order of keys is that of numbers. */
    public static String segment(String tenant, CallsetId id, int n) {
        String digits = Integer.toString(n);
        return log(tenant, id) + "0".repeat(10 - digits.length()) + digits;
    }

    /** What the segments of a callset that is done come to; before them in the order of keys. */
    public static String logIndex(String tenant, CallsetId id) {
        return log(tenant, id) + "-index";
    }

    /** The value of a sending of an attempt that is too large for its record. */
    public static String value(String tenant, CallsetId id, String callId, int attempt, long send) {
        return callset(tenant, id) + "values/" + callId + "-" + attempt + "-" + send;
    }

    /** All that a sending of an attempt wrote, where it is too large for its record. */
    public static String log(String tenant, CallsetId id, String callId, int attempt, long send) {
        return callset(tenant, id) + "logs/" + callId + "-" + attempt + "-" + send;
    }

    /** All values and logs of a sending that are too large for their records, one after the other. */
    public static String overflow(String tenant, CallsetId id, long send) {
        return callset(tenant, id) + "overflow/" + send;
    }

    /** That the callset was cancelled, for whoever has not begun its calls. */
    public static String cancelled(String tenant, CallsetId id) {
        return callset(tenant, id) + "cancelled";
    }

    /** What became of the results that were to be written elsewhere. */
    public static String output(String tenant, CallsetId id) {
        return callset(tenant, id) + "output";
    }

    /** An idempotency key's body and callset. */
    public static String idempotency(String tenant, String hash) {
        return tenant + "/idempotency/" + hash;
    }

    /** What reports of workers far away are signed with: 32 random bytes. */
    public static String reportKey() {
        return "shards/report-key";
    }

    /** Which gateway holds a shard, and which of its callsets are open. */
    public static String shard(int n) {
        return "shards/" + n;
    }

    /** What each gateway says of itself. */
    public static String gateways() {
        return "gateways/";
    }

    /** What the gateway of that id says of itself. */
    public static String gateway(String id) {
        return gateways() + id;
    }

    /** What is known of the machines of a pool: one object each. */
    public static String instances(String pool) {
        return "instances/pools/" + pool + "/";
    }

    /** What requests to launch machines, by their idempotency keys, have come to: a folder a day. */
    public static String launches() {
        return "instances/launches/";
    }

    /** What one of them has come to. */
    public static String launch(LocalDate day, String hash) {
        return launches() + day + "/" + hash;
    }

    /** A build of the worker that machines of pools run. */
    public static String build(String commit) {
        return "builds/" + commit + "/wren-worker.jar";
    }

    /** The commit that a branch of builds is at. */
    public static String buildBranch(String branch) {
        return "builds/branches/" + branch;
    }
}

# To be sourced, in the root of the source tree, with `what` naming the tests: has Keycloak in KEYCLOAK_HOME,
# from Maven Central into build/keycloak. Without Java 17, without Node, without Maven, and when that is out of
# reach, that is said and the tests are skipped, which is no failure.

skip() {
    echo "skipped: $what: $1"
    exit 0
}

keycloak_version=26.0.8
export KEYCLOAK_HOME=build/keycloak/keycloak-$keycloak_version

java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
[ "${java:-0}" -ge 17 ] || skip 'there is no Java 17 or later'
node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null || skip 'there is no Node 18 or later'
if [ ! -f "$KEYCLOAK_HOME/unpacked" ]; then
    command -v mvn >/dev/null || skip 'there is no Maven to fetch it with'
    log=build/keycloak/fetch.log
    rm -rf build/keycloak
    mkdir -p build/keycloak
    if ! timeout 300 mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="org.keycloak:keycloak-quarkus-dist:$keycloak_version:zip" -DoutputDirectory="$PWD/build/keycloak" \
        -Dmdep.useBaseVersion=true >"$log" 2>&1; then
        tail -n 20 "$log"
        skip 'Maven Central is out of reach'
    fi
    python3 -m zipfile -e "build/keycloak/keycloak-quarkus-dist-$keycloak_version.zip" build/keycloak
    rm "build/keycloak/keycloak-quarkus-dist-$keycloak_version.zip"
    touch "$KEYCLOAK_HOME/unpacked"
fi

"""test_aws.py PROGRAM: our requests against moto's server, which checks their signatures and policies with
Amazon's own SDK, and beside Amazon's own command line; then the session of docs/aws.md, word for word.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import boto3

ROOT = pathlib.Path(".").resolve()
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
DRIVER = PROGRAM.parent / "../tests/aws-driver"
REGION = "us-east-1"
MEBIBYTE = 1 << 20

HOSTILE_KEYS = ["a b+c%.csv", "ünï/漢/🙂.csv", "a//b", "q?x=1&y=2#z", "(p)!*'[x]", "%2Fencoded", "=", "semi;colon,"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(folder, more):
    """Nothing of the machine's own AWS settings; the system's programs before others of the same name."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "",
            "PATH": f"{PROGRAM.parent}:/usr/bin:{os.environ['PATH']}", **more}


class Moto:
    """A server; the first `free` requests are not authorized, all others are."""

    def __init__(self, free=None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        more = {} if free is None else {"INITIAL_NO_AUTH_ACTION_COUNT": str(free)}
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([pathlib.Path(sys.executable).with_name("moto_server"), "-p", str(self.port)],
                                        env={**os.environ, **more}, stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("moto does not start")

    def client(self, service, access_key="test", secret_key="test"):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=access_key,
                            aws_secret_access_key=secret_key)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Case(unittest.TestCase):
    free = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        os.chmod(cls.folder, 0o755)  # a private PostgreSQL's user has to get there
        cls.moto = Moto(cls.free)
        cls.env = environment(cls.folder, {"AWS_ENDPOINT_URL": cls.moto.url, "AWS_ACCESS_KEY_ID": "test",
                                           "AWS_SECRET_ACCESS_KEY": "test"})

    @classmethod
    def tearDownClass(cls):
        cls.moto.stop()
        shutil.rmtree(cls.folder)

    def drive(self, *args, data=b"", **more):
        """Output and report of the driver."""
        env = {name: value for name, value in {**self.env, **more}.items() if value is not None}
        result = subprocess.run([DRIVER, *args], input=data, env=env, capture_output=True, check=False)
        return result.stdout, json.loads(result.stderr.decode().splitlines()[-1])

    def driven(self, *args, **more):
        output, report = self.drive(*args, **more)
        self.assertEqual(report["status"], 0, report["message"])
        return output

    def aws(self, *args, data=b"", **more):
        """What Amazon's command line says."""
        result = subprocess.run(["aws", "--endpoint-url", self.moto.url, *args], input=data, env={**self.env, **more},
                                capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout


class Signatures(Case):
    """Every request is authorized by its signature and the user's policy."""

    free = 6

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        iam = cls.moto.client("iam")
        cls.keys = {}
        for user, action in (("reader", "s3:GetObject"), ("owner", "*")):
            iam.create_user(UserName=user)
            iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}))
            key = iam.create_access_key(UserName=user)["AccessKey"]
            cls.keys[user] = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        owner = cls.keys["owner"]
        s3 = cls.moto.client("s3", owner["AWS_ACCESS_KEY_ID"], owner["AWS_SECRET_ACCESS_KEY"])
        s3.create_bucket(Bucket="bucket")

    def test_hostile_keys(self):
        for key in HOSTILE_KEYS:
            with self.subTest(key):
                self.driven("put", f"s3://bucket/{key}", data=key.encode(), **self.keys["owner"])
                self.assertEqual(self.driven("get", f"s3://bucket/{key}", **self.keys["owner"]), key.encode())

    def test_parts(self):
        data = os.urandom(20 * MEBIBYTE)
        self.driven("put", "s3://bucket/large", data=data, **self.keys["owner"])
        self.assertEqual(self.driven("get", "s3://bucket/large", **self.keys["reader"]), data)

    def test_a_wrong_secret_is_told(self):
        _, report = self.drive("get", "s3://bucket/x", **{**self.keys["owner"], "AWS_SECRET_ACCESS_KEY": "wrong"})
        self.assertRegex(report["message"], "the secret key does not belong to the access key")

    def test_who_may_not_is_told(self):
        _, report = self.drive("put", "s3://bucket/x", data=b"x", **self.keys["reader"])
        self.assertRegex(report["message"], r"s3://bucket/x: access denied to .*\(credentials from the environment\)")
        self.assertRegex(report["hint"], "s3:PutObject")

    def test_a_role_of_a_profile(self):
        owner = self.keys["owner"]
        role = self.moto.client("iam", owner["AWS_ACCESS_KEY_ID"], owner["AWS_SECRET_ACCESS_KEY"])
        role.create_role(RoleName="writer", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"},
                                                    "Action": "sts:AssumeRole"}]}))
        role.put_role_policy(RoleName="writer", PolicyName="all", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
        (self.folder / ".aws").mkdir(exist_ok=True)
        (self.folder / ".aws/config").write_text(
            "[profile writer]\nrole_arn = arn:aws:iam::123456789012:role/writer\nsource_profile = owner\n")
        (self.folder / ".aws/credentials").write_text(
            f"[owner]\naws_access_key_id = {owner['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {owner['AWS_SECRET_ACCESS_KEY']}\n")
        profile = {"AWS_PROFILE": "writer", "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
        self.driven("put", "s3://bucket/by role", data=b"x", **profile)
        self.assertEqual(self.driven("get", "s3://bucket/by role", **self.keys["owner"]), b"x")


class Beside(Case):
    """The same objects, secrets and users as Amazon's command line and SDK see them."""

    def test_objects(self):
        self.aws("s3api", "create-bucket", "--bucket", "tuva-empi")
        data = os.urandom(20 * MEBIBYTE)
        (self.folder / "file").write_bytes(data)
        self.aws("s3", "cp", str(self.folder / "file"), "s3://tuva-empi/their file+ü")
        self.assertEqual(self.driven("get", "s3://tuva-empi/their file+ü"), data)
        self.driven("put", "s3://tuva-empi/our file+ü", data=data)
        self.aws("s3", "cp", "s3://tuva-empi/our file+ü", str(self.folder / "back"))
        self.assertEqual((self.folder / "back").read_bytes(), data)
        listed = json.loads(self.aws("s3api", "list-objects-v2", "--bucket", "tuva-empi"))["Contents"]
        self.assertEqual(sorted(item["Key"] for item in listed), ["our file+ü", "their file+ü"])
        uploads = self.aws("s3api", "list-multipart-uploads", "--bucket", "tuva-empi")
        self.assertNotIn(b"UploadId", uploads)
        for uri, said in (("s3://no-such-bucket/x", 'there is no bucket "no-such-bucket"'),
                          ("s3://tuva-empi/none", "there is no such object")):
            self.assertRegex(self.drive("get", uri)[1]["message"], said)

    def test_web_identity(self):
        token = self.folder / "token"
        token.write_text("a.b.c")
        output = self.driven("credentials", AWS_WEB_IDENTITY_TOKEN_FILE=str(token), AWS_ACCESS_KEY_ID=None,
                             AWS_SECRET_ACCESS_KEY=None, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/r")
        self.assertEqual(json.loads(output)["source"], "web identity")

    def test_cognito(self):
        cognito = self.moto.client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        names = [f"user{i:03}@example.org" for i in range(130)]
        for name in names:
            cognito.admin_create_user(UserPoolId=pool, Username=name,
                                      UserAttributes=[{"Name": "email", "Value": name}])
        users = json.loads(self.driven("cognito", pool))
        self.assertEqual(sorted(user["email"] for user in users), names)
        self.assertEqual(len({user["sub"] for user in users}), 130)
        found = json.loads(self.driven("cognito", pool, f'email = "{names[77]}"'))
        self.assertEqual([user["email"] for user in found], [names[77]])

    def test_a_configuration_in_secrets_manager(self):
        document = {"env": "from-the-secret", "db": {"host": "db.example.org", "name": "n", "user": "u",
                                                     "password": "hush"}}
        made = self.aws("secretsmanager", "create-secret", "--name", "tuva-empi", "--secret-string",
                        json.dumps(document))
        env = {**self.env, "TUVA_EMPI_CONFIG_FILE": "", "TUVA_EMPI_CONFIG_AWS_SECRET_ARN": json.loads(made)["ARN"]}
        result = subprocess.run([PROGRAM, "config", "check"], env=env, capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertIn(b"from-the-secret", result.stdout + result.stderr)
        self.assertNotIn(b"hush", result.stdout + result.stderr)


class Documented(Case):
    """The session of docs/aws.md."""

    def test_session(self):
        blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs/aws.md").read_text(encoding="utf-8"), re.M | re.S)
        self.assertGreaterEqual(len(blocks), 3)
        port = free_port()
        text = "".join(blocks).replace("http://localhost:4566", self.moto.url).replace("localhost:9000", f"localhost:{port}")
        (self.folder / "examples").symlink_to(ROOT / "examples")
        (self.folder / "session.sh").write_text(text, encoding="utf-8")
        (self.folder / ".config/httpie").mkdir(parents=True)
        (self.folder / ".config/httpie/config.json").write_text('{"default_options": ["--check-status"]}')
        with open(self.folder / "service.log", "wb") as log:
            service = subprocess.Popen([PROGRAM, "run-dev", "--port", str(port)], stdout=log, stderr=log, env={
                **self.env, "TUVA_EMPI_CONFIG_FILE": "", "TUVA_EMPI_DATA_DIR": str(self.folder / "data")})
        try:
            while "for development" not in (self.folder / "service.log").read_text(encoding="utf-8"):
                self.assertIsNone(service.poll(), (self.folder / "service.log").read_text(encoding="utf-8"))
                time.sleep(0.1)
            # At a terminal: HTTPie asks whether there is one.
            result = subprocess.run(["timeout", "120", "script", "--quiet", "--return", "--command",
                                     "bash -euo pipefail session.sh", "log"], cwd=self.folder, env=self.env,
                                    stdin=subprocess.DEVNULL, capture_output=True, check=False)
            said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
            said += (self.folder / "service.log").read_text(encoding="utf-8", errors="replace")
            self.assertEqual(result.returncode, 0, said)
        finally:
            service.terminate()
            service.wait()
        crosswalk = (self.folder / "crosswalk.csv").read_text(encoding="utf-8").splitlines()
        people = (self.folder / "people.csv").read_text(encoding="utf-8").splitlines()
        self.assertGreater(len(crosswalk), 1000)
        self.assertLessEqual(len(crosswalk), len(people))
        self.assertTrue(crosswalk[0].startswith("person_id,") or "person_id" in crosswalk[0])


def main():
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (Signatures, Beside, Documented))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

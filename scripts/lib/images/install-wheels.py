# Unpacks wheels as pip does: modes are kept, and scripts start with the Python of the image.
import configparser, os, sys, zipfile
site, bin = sys.argv[1], "/usr/local/bin"
os.makedirs(site, exist_ok=True); os.makedirs(bin, exist_ok=True)
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            parts = info.filename.split("/")
            if info.is_dir(): continue
            target = os.path.join(site, *parts)
            mode = info.external_attr >> 16 & 0o777
            if parts[0].endswith(".data"):
                if parts[1] in ("purelib", "platlib"): target = os.path.join(site, *parts[2:])
                elif parts[1] == "scripts": target, mode = os.path.join(bin, *parts[2:]), 0o755
                elif parts[1] == "data": target = os.path.join("/usr/local", *parts[2:])
                else: continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with archive.open(info) as source, open(target, "wb") as file:
                first = source.read(8)
                if target.startswith(bin) and first == b"#!python": first = b"#!/usr/bin/python3"
                file.write(first)
                while chunk := source.read(1 << 20): file.write(chunk)
            os.chmod(target, (mode or 0o644) | 0o444)
            if parts[-1] == "entry_points.txt":
                config = configparser.ConfigParser(delimiters=("=",)); config.optionxform = str; config.read(target)
                for name, value in (config["console_scripts"] if config.has_section("console_scripts") else {}).items():
                    module, function = value.split("[")[0].strip().split(":")
                    path = os.path.join(bin, name)
                    open(path, "w").write(f"#!/usr/bin/python3\nimport sys\nfrom {module} import {function.split('.')[0]}\nsys.exit({function}())\n")
                    os.chmod(path, 0o755)

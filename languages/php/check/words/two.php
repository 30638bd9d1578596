<?php
const WORD = "second";
